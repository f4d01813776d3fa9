//! Downloaded bytes are not requested again, and never mixed with those of another file.

use proptest::prelude::*;

use super::*;
use crate::download::partial_file::PartialFileSource;

fn assert_resumes_at(request: &str, start: usize, validator: &str) {
    assert_eq!(header(request, "range"), Some(format!("bytes={start}-").as_str()));
    assert_eq!(header(request, "if-range"), Some(validator));
}

/// Creates the partial file of an interrupted download with the first `length` bytes of `content`.
fn leave_partial_file(fixture: &Fixture, server: &Server, content: &[u8], length: usize) {
    let source = PartialFileSource {
        url: server.url(),
        validator: ETAG.into(),
        total: Some(content.len() as u64),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut partial_file = runtime.block_on(PartialFile::open(&fixture.target())).unwrap();
    partial_file.start(source).unwrap();
    partial_file.write(&content[..length]).unwrap();
}

#[test]
fn cut_connection_is_resumed() {
    let (fixture, content, reports) = (Fixture::new(), weights(), Mutex::new(Vec::new()));
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).cut_after(1000),
        Reply::rest(&content, 1000, ETAG).cut_after(2000),
        Reply::rest(&content, 3000, ETAG),
    ]);
    fixture
        .download_with(
            &server,
            &known(&content),
            &CancellationToken::default(),
            &|progress| {
                reports.lock().unwrap().push(progress.bytes);
            },
        )
        .unwrap();
    fixture.assert_holds(&content);
    let requests = server.requests();
    assert_resumes_at(&requests[1], 1000, ETAG);
    assert_resumes_at(&requests[2], 3000, ETAG);
    assert!(reports.into_inner().unwrap().is_sorted());
}

#[test]
fn stalled_connection_is_resumed() {
    let (fixture, content) = (Fixture::new(), weights());
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).stall_after(1000),
        Reply::rest(&content, 1000, ETAG),
    ]);
    let stall = |progress: DownloadProgress| {
        if progress.bytes == 1000 && server.requests().len() == 1 {
            fixture.timer.stall();
        }
    };
    let (file, cancel) = (known(&content), CancellationToken::default());
    fixture.download_with(&server, &file, &cancel, &stall).unwrap();
    fixture.assert_holds(&content);
    assert_resumes_at(&server.requests()[1], 1000, ETAG);
}

#[test]
fn unresponsive_server_is_given_up() {
    let mut fixture = Fixture::new();
    fixture.options.retries = 1;
    let timer = fixture.timer.clone();
    let server = Server::start_observed(vec![Reply::silence(), Reply::silence()], move || timer.stall());
    let error = fixture.download(&server, &known(&weights())).unwrap_err();
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
    assert!(error.to_string().contains("no data for 35 seconds"), "{error}");
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn later_download_resumes_earlier_one() {
    let (mut fixture, content) = (Fixture::new(), weights());
    fixture.options.retries = 0;
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).cut_after(1000),
        Reply::rest(&content, 1000, ETAG),
    ]);
    let error = fixture.download(&server, &known(&content)).unwrap_err();
    assert!(error.to_string().contains("is kept"), "{error}");
    assert_eq!(fixture.names(), ["a.pt.part", "a.pt.part.meta"]);
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
    assert_resumes_at(&server.requests()[1], 1000, ETAG);
}

#[test]
fn last_modified_replaces_weak_etag() {
    let (fixture, content) = (Fixture::new(), weights());
    let date = "Wed, 21 Oct 2015 07:28:00 GMT";
    let server = Server::start(vec![
        Reply::whole(&content, "W/\"weak\"")
            .header("Last-Modified", date)
            .cut_after(1000),
        Reply::rest(&content, 1000, "W/\"weak\"").header("Last-Modified", date),
    ]);
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
    assert_resumes_at(&server.requests()[1], 1000, date);
}

#[test]
fn download_without_validator_restarts() {
    let (fixture, content) = (Fixture::new(), weights());
    let whole = Reply::new("200 OK")
        .header("Content-Length", content.len())
        .body(&content);
    let server = Server::start(vec![whole.clone().cut_after(1000), whole]);
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
    assert_eq!(header(&server.requests()[1], "range"), None);
}

#[test]
fn changed_file_restarts_the_download() {
    let (fixture, content) = (Fixture::new(), weights());
    let old = vec![7; content.len()];
    let server = Server::start(vec![
        Reply::whole(&old, ETAG).cut_after(1000),
        // A conforming server sends the whole new file; one that ignores If-Range sends a part of it.
        Reply::whole(&content, "\"two\"").cut_after(500),
        Reply::rest(&content, 500, "\"three\""),
        Reply::whole(&content, "\"three\""),
    ]);
    let fixture = Fixture {
        options: DownloadOptions {
            retries: 3,
            ..fixture.options
        },
        ..fixture
    };
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
    let requests = server.requests();
    assert_resumes_at(&requests[2], 500, "\"two\"");
    assert_eq!(header(&requests[3], "range"), None);
}

#[test]
fn other_url_restarts_the_download() {
    let (mut fixture, content) = (Fixture::new(), weights());
    fixture.options.retries = 0;
    let first = Server::start(vec![Reply::whole(&content, ETAG).cut_after(1000)]);
    fixture.download(&first, &known(&content)).unwrap_err();
    let second = Server::start(vec![Reply::whole(&content, ETAG)]);
    fixture.download(&second, &known(&content)).unwrap();
    fixture.assert_holds(&content);
    assert_eq!(header(&second.requests()[0], "range"), None);
}

#[test]
fn partial_file_without_metadata_is_not_used() {
    for meta in [None, Some("not toml ["), Some("url = 'x'")] {
        let (fixture, content) = (Fixture::new(), weights());
        fs::create_dir_all(fixture.target().parent().unwrap()).unwrap();
        fs::write(fixture.target().with_extension("pt.part"), "something else").unwrap();
        if let Some(meta) = meta {
            fs::write(fixture.target().with_extension("pt.part.meta"), meta).unwrap();
        }
        let server = Server::start(vec![Reply::whole(&content, ETAG)]);
        fixture.download(&server, &known(&content)).unwrap();
        fixture.assert_holds(&content);
    }
}

#[test]
fn complete_partial_file_needs_no_network() {
    let (fixture, content, server) = (Fixture::new(), weights(), Server::refusing());
    leave_partial_file(&fixture, &server, &content, content.len());
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
}

#[test]
fn partial_file_of_another_file_is_discarded() {
    let (fixture, content) = (Fixture::new(), weights());
    let server = Server::start(vec![
        Reply::rest(&content, 1000, ETAG),
        Reply::whole(&content, ETAG),
    ]);
    leave_partial_file(&fixture, &server, &vec![7; content.len()], 1000);
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
    assert_eq!(header(&server.requests()[1], "range"), None);
}

#[test]
fn unsatisfiable_range_restarts_the_download() {
    let (fixture, content) = (Fixture::new(), weights());
    let server = Server::start(vec![
        Reply::new("416 Range Not Satisfiable")
            .header("Content-Range", "bytes */10")
            .header("Content-Length", 0),
        Reply::whole(&content, ETAG),
    ]);
    leave_partial_file(&fixture, &server, &content, 1000);
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
}

#[test]
fn a_megabyte_of_progress_resets_retries() {
    let mut fixture = Fixture::new();
    fixture.options.retries = 1;
    let (content, step) = (vec![1; 5 << 20], 1 << 20);
    let mut replies = vec![Reply::whole(&content, ETAG).cut_after(step)];
    replies.extend((1..5).map(|piece| Reply::rest(&content, piece * step, ETAG).cut_after(step)));
    let server = Server::start(replies);
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn file_is_the_same_wherever_connections_are_cut(
        content in prop::collection::vec(1u8..=50, 1..5000),
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let mut fixture = Fixture::new();
        fixture.options.retries = 5;
        cuts.sort_unstable_by_key(|cut| cut.index(content.len()));
        let mut at = 0;
        let mut replies = Vec::new();
        for end in cuts.iter().map(|cut| cut.index(content.len())).chain([content.len()]) {
            let whole = replies.is_empty();
            let reply = if whole { Reply::whole(&content, ETAG) } else { Reply::rest(&content, at, ETAG) };
            replies.push(reply.cut_after(end - at));
            at = end;
        }
        let server = Server::start(replies);
        fixture.download(&server, &known(&content)).unwrap();
        fixture.assert_holds(&content);
    }
}
