//! Downloads that meet each other, the user's own files, or the end of the program.

use std::thread;

use super::*;

#[test]
fn of_two_downloads_of_one_file_one_asks_the_server() {
    let (place, content) = (Place::new(), weights());
    let server = Server::start(vec![Reply::whole(&content, ETAG)]);
    let file = known(&content);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| place.download(&server, &file).unwrap());
        }
    });
    place.assert_holds(&content);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn a_download_that_waits_takes_over_where_the_other_gave_up() {
    let (place, content) = (Place::new(), weights());
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).stall_after(1000),
        Reply::rest(&content, 1000, ETAG),
    ]);
    let (file, cancel) = (known(&content), Cancel::default());
    thread::scope(|scope| {
        let second = Mutex::new(None);
        // The second one begins while the first one runs, and meets its lock.
        let begin = |progress: DownloadProgress| {
            if progress.bytes == 1000 {
                let thread = scope.spawn(|| place.download(&server, &file));
                *second.lock().unwrap() = Some(thread);
                cancel.cancel();
            }
        };
        let first = place.watched(&server, &file, &cancel, &begin);
        assert!(matches!(first, Err(DownloadError::Cancelled)));
        let second = second.lock().unwrap().take().unwrap();
        second.join().unwrap().unwrap();
    });
    place.assert_holds(&content);
}

#[test]
fn a_cancelled_download_ends_at_once_and_is_gone_on_with_later() {
    let (place, content, cancel) = (Place::new(), weights(), Cancel::default());
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).stall_after(1000),
        Reply::rest(&content, 1000, ETAG),
    ]);
    let stop = |progress: DownloadProgress| {
        if progress.bytes == 1000 {
            cancel.clone().cancel();
        }
    };
    let result = place.watched(&server, &known(&content), &cancel, &stop);
    assert!(matches!(result, Err(DownloadError::Cancelled)));
    assert!(cancel.is_cancelled());
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
}

#[test]
fn a_download_that_is_cancelled_before_it_begins_asks_nobody() {
    let (place, server, cancel) = (Place::new(), Server::none(), Cancel::default());
    cancel.cancel();
    let result = place.watched(&server, &known(&weights()), &cancel, &|_| ());
    assert!(matches!(result, Err(DownloadError::Cancelled)));
    assert_eq!(place.names(), [""; 0]);
}

#[test]
fn a_file_that_appears_meanwhile_is_not_replaced() {
    let (place, content) = (Place::new(), weights());
    let server = Server::start(vec![Reply::whole(&content, ETAG)]);
    let put = |_| fs::write(place.target(), "put there by hand").unwrap();
    place
        .watched(&server, &known(&content), &Cancel::default(), &put)
        .unwrap();
    place.assert_holds(b"put there by hand");
}

#[test]
fn a_download_runs_within_an_asynchronous_program_too() {
    let (place, content) = (Place::new(), weights());
    let server = Server::start(vec![Reply::whole(&content, ETAG)]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { place.download(&server, &known(&content)).unwrap() });
    place.assert_holds(&content);
}
