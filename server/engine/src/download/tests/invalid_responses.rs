//! Nothing but the expected file ever gets its fixture.

use super::*;

/// Asserts that a download from `replies` fails after `attempts` requests and leaves no files; returns the
/// error.
fn assert_rejected(file: &FileSpec, replies: Vec<Reply>, attempts: usize) -> DownloadError {
    let fixture = Fixture::new();
    let server = Server::start(replies);
    let error = fixture.download(&server, file).unwrap_err();
    assert_eq!(fixture.names(), [""; 0], "{error}");
    assert_eq!(server.requests().len(), attempts, "{error}");
    let message = error.to_string();
    assert!(
        message.contains("a.pt") && !message.contains("secret"),
        "{message}"
    );
    error
}

#[test]
fn file_with_wrong_sha256_is_deleted() {
    let content = weights();
    let mut other = content.clone();
    other[40_000] ^= 1;
    let error = assert_rejected(
        &known(&content),
        vec![Reply::whole(&other, ETAG), Reply::silence()],
        1,
    );
    assert!(
        matches!(&error, DownloadError::WrongHash { sha256, .. } if *sha256 == FileDigest::of_bytes(&other).sha256)
    );
}

#[test]
fn file_with_wrong_md5_is_deleted() {
    let content = weights();
    let md5 = Some(FileDigest::of_bytes(&content).md5);
    let file = FileSpec {
        name: "a.pt".into(),
        hashes: Hashes { md5, sha256: None },
        ..FileSpec::default()
    };
    let error = assert_rejected(&file, vec![Reply::whole(b"something else", ETAG)], 1);
    assert!(matches!(error, DownloadError::WrongHash { .. }), "{error}");
    let fixture = Fixture::new();
    fixture
        .download(&Server::start(vec![Reply::whole(&content, ETAG)]), &file)
        .unwrap();
    fixture.assert_holds(&content);
}

#[test]
fn file_without_pinned_hashes_is_accepted() {
    let fixture = Fixture::new();
    let file = FileSpec {
        name: "a.pt".into(),
        ..FileSpec::default()
    };
    fixture
        .download(&Server::start(vec![Reply::whole(b"anything", ETAG)]), &file)
        .unwrap();
    fixture.assert_holds(b"anything");
}

#[test]
fn web_page_is_rejected() {
    let page = b"\r\n <!DOCTYPE html><html><body>Please log in</body></html>";
    let plain = Reply::whole(page, ETAG);
    let typed = Reply::whole(b"Please log in", ETAG).header("Content-Type", "text/HTML; charset=utf-8");
    // Even if no hash is pinned.
    let file = FileSpec {
        name: "a.pt".into(),
        ..FileSpec::default()
    };
    for reply in [plain, typed] {
        let error = assert_rejected(&file, vec![reply, Reply::silence()], 1);
        assert!(matches!(error, DownloadError::WebPage { .. }), "{error}");
    }
}

#[test]
fn web_page_while_resuming_keeps_partial_file() {
    let (mut fixture, content) = (Fixture::new(), weights());
    fixture.options.retries = 1;
    let page = Reply::whole(b"Please log in", ETAG).header("Content-Type", "text/html");
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).cut_after(1000),
        page,
        Reply::rest(&content, 1000, ETAG),
    ]);
    let error = fixture.download(&server, &known(&content)).unwrap_err();
    assert!(matches!(error, DownloadError::WebPage { .. }), "{error}");
    fixture.download(&server, &known(&content)).unwrap();
    fixture.assert_holds(&content);
}

#[test]
fn wrong_content_length_is_rejected_early() {
    let content = weights();
    let file = FileSpec {
        size: Some(content.len() as u64),
        ..known(&content)
    };
    let error = assert_rejected(
        &file,
        vec![Reply::whole(&content[1..], ETAG), Reply::silence()],
        1,
    );
    assert!(matches!(error, DownloadError::WrongLength { .. }), "{error}");
    let endless = Reply::new("200 OK").header("Content-Length", u64::MAX / 2);
    let error = assert_rejected(&known(&content), vec![endless, Reply::silence()], 1);
    assert!(matches!(error, DownloadError::WrongLength { .. }), "{error}");
}

#[test]
fn bytes_beyond_the_expected_size_are_rejected() {
    let content = weights();
    let file = FileSpec {
        size: Some(100),
        ..known(&content[..100])
    };
    let long = Reply::new("200 OK").body(&content);
    let error = assert_rejected(&file, vec![long; 3], 3);
    assert!(
        error.to_string().contains("more bytes than it announced"),
        "{error}"
    );
}

#[test]
fn truncated_body_is_detected_by_size_or_hash() {
    let content = weights();
    let short = Reply::new("200 OK").body(&content).cut_after(1000);
    let error = assert_rejected(&known(&content), vec![short.clone(), Reply::silence()], 1);
    assert!(matches!(error, DownloadError::WrongHash { .. }), "{error}");
    let file = FileSpec {
        size: Some(content.len() as u64),
        ..known(&content)
    };
    let fixture = Fixture::new();
    let server = Server::start(vec![short, Reply::whole(&content, ETAG)]);
    fixture.download(&server, &file).unwrap();
    fixture.assert_holds(&content);
}

#[test]
fn wrong_range_is_not_used() {
    let content = weights();
    let length = content.len();
    let piece = |range: String| {
        Reply::new("206 Partial Content")
            .header("ETag", ETAG)
            .header("Content-Range", range)
            .header("Content-Length", length - 1000)
            .body(&content[1000..])
    };
    let invalid_replies = [
        piece(format!("bytes 999-{}/{length}", length - 1)),
        piece(format!("bytes 1001-{}/{length}", length - 1)),
        piece(format!("bytes 1000-{}/{}", length - 1, length + 1)),
        piece("bytes".into()),
        piece("lines 1000-2000/3000".into()),
        piece("bytes 99999999999999999999999-1/1".into()),
        Reply::new("206 Partial Content").body(&content),
    ];
    for invalid in invalid_replies {
        let fixture = Fixture::new();
        let server = Server::start(vec![
            Reply::whole(&content, ETAG).cut_after(1000),
            invalid,
            Reply::whole(&content, ETAG),
        ]);
        fixture.download(&server, &known(&content)).unwrap();
        fixture.assert_holds(&content);
        assert_eq!(header(&server.requests()[2], "range"), None);
    }
}

#[test]
fn unrequested_range_is_not_used() {
    let content = weights();
    let error = assert_rejected(&known(&content), vec![Reply::rest(&content, 1000, ETAG); 3], 3);
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
}

#[test]
fn server_that_restarts_each_attempt_is_given_up() {
    let fixture = Fixture::new();
    let content = vec![1; 3 << 20];
    let cut = Reply::whole(&content, ETAG).cut_after(2 << 20);
    let invalid = Reply::rest(&content, 1000, ETAG);
    let server = Server::start([cut, invalid].into_iter().cycle().take(100).collect());
    let error = fixture.download(&server, &known(&content)).unwrap_err();
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
    assert!(server.requests().len() < 8);
}

#[test]
fn non_http_response_is_given_up() {
    let content = weights();
    let garbage = Reply::new("\0\0\0").body(&content);
    let error = assert_rejected(&known(&content), vec![garbage; 3], 3);
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
}
