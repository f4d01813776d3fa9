//! Concurrent downloads, cancellation, and files that appear during a download.

use std::thread;

use super::*;

#[test]
fn concurrent_downloads_send_one_request() {
    let (fixture, content) = (Fixture::new(), weights());
    let server = Server::start(vec![Reply::whole(&content, ETAG)]);
    let file = known(&content);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| fixture.download(&server, &file).unwrap());
        }
    });
    fixture.assert_holds(&content);
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn waiting_download_resumes_a_cancelled_one() {
    let (fixture, content) = (Fixture::new(), weights());
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).stall_after(1000),
        Reply::rest(&content, 1000, ETAG),
    ]);
    let (file, cancel) = (known(&content), CancellationToken::default());
    thread::scope(|scope| {
        let second = Mutex::new(None);
        // The second download begins while the first one holds the lock.
        let begin = |progress: DownloadProgress| {
            if progress.bytes == 1000 {
                let thread = scope.spawn(|| fixture.download(&server, &file));
                *second.lock().unwrap() = Some(thread);
                cancel.cancel();
            }
        };
        let first = fixture.download_with(&server, &file, &cancel, &begin);
        assert!(matches!(first, Err(DownloadError::Cancelled)));
        let second = second.lock().unwrap().take().unwrap();
        second.join().unwrap().unwrap();
    });
    fixture.assert_holds(&content);
}

#[test]
fn cancelled_download_ends_and_can_be_resumed() {
    let (fixture, content, cancel) = (Fixture::new(), weights(), CancellationToken::default());
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).stall_after(1000),
        Reply::rest(&content, 1000, ETAG),
    ]);
    let stop = |progress: DownloadProgress| {
        if progress.bytes == 1000 {
            cancel.clone().cancel();
        }
    };
    let result = fixture.download_with(&server, &known(&content), &cancel, &stop);
    assert!(matches!(result, Err(DownloadError::Cancelled)));
    assert!(cancel.is_cancelled());
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
}

#[test]
fn cancelled_before_start_sends_no_request() {
    let (fixture, server, cancel) = (Fixture::new(), Server::refusing(), CancellationToken::default());
    cancel.cancel();
    let result = fixture.download_with(&server, &known(&weights()), &cancel, &|_| ());
    assert!(matches!(result, Err(DownloadError::Cancelled)));
    assert_eq!(fixture.names(), [""; 0]);
}

#[test]
fn file_created_meanwhile_is_not_replaced() {
    let (fixture, content) = (Fixture::new(), weights());
    let server = Server::start(vec![Reply::whole(&content, ETAG)]);
    let put = |_| fs::write(fixture.target(), "put there by hand").unwrap();
    fixture
        .download_with(&server, &known(&content), &CancellationToken::default(), &put)
        .unwrap();
    fixture.assert_holds(b"put there by hand");
}

#[test]
fn download_works_inside_a_runtime() {
    let (fixture, content) = (Fixture::new(), weights());
    let server = Server::start(vec![Reply::whole(&content, ETAG)]);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async { fixture.download(&server, &known(&content)).unwrap() });
    fixture.assert_holds(&content);
}
