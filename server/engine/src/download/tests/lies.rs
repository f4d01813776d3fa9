//! Nothing but the expected file ever gets its place.

use super::*;

/// Asserts that a download from `replies` fails, leaves nothing and asks `tries` times; returns the error.
fn refused(file: &FileSpec, replies: Vec<Reply>, tries: usize) -> DownloadError {
    let place = Place::new();
    let server = Server::start(replies);
    let error = place.download(&server, file).unwrap_err();
    assert_eq!(place.names(), [""; 0], "{error}");
    assert_eq!(server.requests().len(), tries, "{error}");
    let sentence = error.to_string();
    assert!(
        sentence.contains("a.pt") && !sentence.contains("secret"),
        "{sentence}"
    );
    error
}

#[test]
fn another_file_is_thrown_away() {
    let content = weights();
    let mut other = content.clone();
    other[40_000] ^= 1;
    let error = refused(
        &known(&content),
        vec![Reply::whole(&other, ETAG), Reply::silence()],
        1,
    );
    assert!(
        matches!(&error, DownloadError::WrongHash { sha256, .. } if *sha256 == Digest::of_bytes(&other).sha256)
    );
}

#[test]
fn an_md5_is_enough_to_tell_another_file() {
    let content = weights();
    let md5 = Some(Digest::of_bytes(&content).md5);
    let file = FileSpec {
        name: "a.pt".into(),
        hashes: Hashes { md5, sha256: None },
        ..FileSpec::default()
    };
    let error = refused(&file, vec![Reply::whole(b"something else", ETAG)], 1);
    assert!(matches!(error, DownloadError::WrongHash { .. }), "{error}");
    let place = Place::new();
    place
        .download(&Server::start(vec![Reply::whole(&content, ETAG)]), &file)
        .unwrap();
    place.assert_holds(&content);
}

#[test]
fn a_file_without_known_hashes_is_taken() {
    let place = Place::new();
    let file = FileSpec {
        name: "a.pt".into(),
        ..FileSpec::default()
    };
    place
        .download(&Server::start(vec![Reply::whole(b"anything", ETAG)]), &file)
        .unwrap();
    place.assert_holds(b"anything");
}

#[test]
fn a_web_page_is_not_taken_for_a_file() {
    let page = b"\r\n <!DOCTYPE html><html><body>Please log in</body></html>";
    let plain = Reply::whole(page, ETAG);
    let typed = Reply::whole(b"Please log in", ETAG).header("Content-Type", "text/HTML; charset=utf-8");
    // Not even where no hash could tell.
    let file = FileSpec {
        name: "a.pt".into(),
        ..FileSpec::default()
    };
    for reply in [plain, typed] {
        let error = refused(&file, vec![reply, Reply::silence()], 1);
        assert!(matches!(error, DownloadError::WebPage { .. }), "{error}");
    }
}

#[test]
fn a_web_page_in_place_of_the_rest_leaves_what_has_arrived() {
    let (mut place, content) = (Place::new(), weights());
    place.options.retries = 1;
    let page = Reply::whole(b"Please log in", ETAG).header("Content-Type", "text/html");
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).cut_after(1000),
        page,
        Reply::rest(&content, 1000, ETAG),
    ]);
    let error = place.download(&server, &known(&content)).unwrap_err();
    assert!(matches!(error, DownloadError::WebPage { .. }), "{error}");
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
}

#[test]
fn a_length_that_cannot_be_is_refused_before_a_byte_is_read() {
    let content = weights();
    let file = FileSpec {
        size: Some(content.len() as u64),
        ..known(&content)
    };
    let error = refused(
        &file,
        vec![Reply::whole(&content[1..], ETAG), Reply::silence()],
        1,
    );
    assert!(matches!(error, DownloadError::WrongLength { .. }), "{error}");
    let endless = Reply::new("200 OK").header("Content-Length", u64::MAX / 2);
    let error = refused(&known(&content), vec![endless, Reply::silence()], 1);
    assert!(matches!(error, DownloadError::WrongLength { .. }), "{error}");
}

#[test]
fn more_than_the_known_length_is_not_written() {
    let content = weights();
    let file = FileSpec {
        size: Some(100),
        ..known(&content[..100])
    };
    let long = Reply::new("200 OK").body(&content);
    let error = refused(&file, vec![long; 3], 3);
    assert!(error.to_string().contains("more than it announced"), "{error}");
}

#[test]
fn an_end_that_nobody_announced_is_seen_by_length_or_hash() {
    let content = weights();
    let short = Reply::new("200 OK").body(&content).cut_after(1000);
    let error = refused(&known(&content), vec![short.clone(), Reply::silence()], 1);
    assert!(matches!(error, DownloadError::WrongHash { .. }), "{error}");
    let file = FileSpec {
        size: Some(content.len() as u64),
        ..known(&content)
    };
    let place = Place::new();
    let server = Server::start(vec![short, Reply::whole(&content, ETAG)]);
    place.download(&server, &file).unwrap();
    place.assert_holds(&content);
}

#[test]
fn a_piece_other_than_the_one_asked_for_is_not_used() {
    let content = weights();
    let length = content.len();
    let piece = |range: String| {
        Reply::new("206 Partial Content")
            .header("ETag", ETAG)
            .header("Content-Range", range)
            .header("Content-Length", length - 1000)
            .body(&content[1000..])
    };
    let lies = [
        piece(format!("bytes 999-{}/{length}", length - 1)),
        piece(format!("bytes 1001-{}/{length}", length - 1)),
        piece(format!("bytes 1000-{}/{}", length - 1, length + 1)),
        piece("bytes".into()),
        piece("lines 1000-2000/3000".into()),
        piece("bytes 99999999999999999999999-1/1".into()),
        Reply::new("206 Partial Content").body(&content),
    ];
    for lie in lies {
        let place = Place::new();
        let server = Server::start(vec![
            Reply::whole(&content, ETAG).cut_after(1000),
            lie,
            Reply::whole(&content, ETAG),
        ]);
        place.download(&server, &known(&content)).unwrap();
        place.assert_holds(&content);
        assert_eq!(header(&server.requests()[2], "range"), None);
    }
}

#[test]
fn a_piece_that_nobody_asked_for_is_not_used() {
    let content = weights();
    let error = refused(&known(&content), vec![Reply::rest(&content, 1000, ETAG); 3], 3);
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
}

#[test]
fn a_server_that_makes_each_try_begin_anew_is_given_up() {
    let place = Place::new();
    let content = vec![1; 3 << 20];
    let cut = Reply::whole(&content, ETAG).cut_after(2 << 20);
    let lie = Reply::rest(&content, 1000, ETAG);
    let server = Server::start([cut, lie].into_iter().cycle().take(100).collect());
    let error = place.download(&server, &known(&content)).unwrap_err();
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
    assert!(server.requests().len() < 8);
}

#[test]
fn what_is_not_http_is_given_up() {
    let content = weights();
    let nonsense = Reply::new("\0\0\0").body(&content);
    let error = refused(&known(&content), vec![nonsense; 3], 3);
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
}
