//! What has arrived is not fetched again, and never mixed with something else.

use proptest::prelude::*;

use super::*;
use crate::download::part::Source;

/// Longer than a loaded machine needs for an answer from itself, and short enough to wait for.
const STALL: Duration = Duration::from_millis(400);

fn assert_asks_for_the_rest(request: &str, start: usize, validator: &str) {
    assert_eq!(header(request, "range"), Some(format!("bytes={start}-").as_str()));
    assert_eq!(header(request, "if-range"), Some(validator));
}

/// Leaves the first `length` bytes of `content` behind, as a download that broke off does.
fn leave_part(place: &Place, server: &Server, content: &[u8], length: usize) {
    let source = Source {
        url: server.url(),
        validator: ETAG.into(),
        total: Some(content.len() as u64),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut part = runtime.block_on(Part::open(&place.target())).unwrap();
    part.start(source).unwrap();
    part.write(&content[..length]).unwrap();
}

#[test]
fn a_connection_that_is_cut_is_gone_on_with() {
    let (place, content, told) = (Place::new(), weights(), Mutex::new(Vec::new()));
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).cut_after(1000),
        Reply::rest(&content, 1000, ETAG).cut_after(2000),
        Reply::rest(&content, 3000, ETAG),
    ]);
    place
        .watched(&server, &known(&content), &Cancel::default(), &|progress| {
            told.lock().unwrap().push(progress.bytes);
        })
        .unwrap();
    place.assert_holds(&content);
    let requests = server.requests();
    assert_asks_for_the_rest(&requests[1], 1000, ETAG);
    assert_asks_for_the_rest(&requests[2], 3000, ETAG);
    assert!(told.into_inner().unwrap().is_sorted());
}

#[test]
fn a_connection_that_stalls_is_gone_on_with() {
    let (mut place, content) = (Place::new(), weights());
    place.options.stall_timeout = STALL;
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).stall_after(1000),
        Reply::rest(&content, 1000, ETAG),
    ]);
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
    assert_asks_for_the_rest(&server.requests()[1], 1000, ETAG);
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    let mut place = Place::new();
    place.options = DownloadOptions {
        connect_timeout: STALL / 4,
        stall_timeout: STALL / 4,
        retries: 1,
        ..place.options
    };
    let server = Server::start(vec![Reply::silence(), Reply::silence()]);
    let error = place.download(&server, &known(&weights())).unwrap_err();
    assert!(matches!(error, DownloadError::Interrupted { .. }), "{error}");
    assert!(
        error.to_string().contains("nothing came for 0.2 seconds"),
        "{error}"
    );
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_later_download_goes_on_where_an_earlier_one_broke_off() {
    let (mut place, content) = (Place::new(), weights());
    place.options.retries = 0;
    let server = Server::start(vec![
        Reply::whole(&content, ETAG).cut_after(1000),
        Reply::rest(&content, 1000, ETAG),
    ]);
    let error = place.download(&server, &known(&content)).unwrap_err();
    assert!(error.to_string().contains("is kept"), "{error}");
    assert_eq!(place.names(), ["a.pt.part", "a.pt.part.meta"]);
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
    assert_asks_for_the_rest(&server.requests()[1], 1000, ETAG);
}

#[test]
fn a_date_serves_where_there_is_no_strong_etag() {
    let (place, content) = (Place::new(), weights());
    let date = "Wed, 21 Oct 2015 07:28:00 GMT";
    let server = Server::start(vec![
        Reply::whole(&content, "W/\"weak\"")
            .header("Last-Modified", date)
            .cut_after(1000),
        Reply::rest(&content, 1000, "W/\"weak\"").header("Last-Modified", date),
    ]);
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
    assert_asks_for_the_rest(&server.requests()[1], 1000, date);
}

#[test]
fn without_a_validator_a_download_begins_anew() {
    let (place, content) = (Place::new(), weights());
    let whole = Reply::new("200 OK")
        .header("Content-Length", content.len())
        .body(&content);
    let server = Server::start(vec![whole.clone().cut_after(1000), whole]);
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
    assert_eq!(header(&server.requests()[1], "range"), None);
}

#[test]
fn a_file_that_changed_meanwhile_begins_anew() {
    let (place, content) = (Place::new(), weights());
    let old = vec![7; content.len()];
    let server = Server::start(vec![
        Reply::whole(&old, ETAG).cut_after(1000),
        // An honest server sends the new file whole, one that heeds no If-Range a piece of it.
        Reply::whole(&content, "\"two\"").cut_after(500),
        Reply::rest(&content, 500, "\"three\""),
        Reply::whole(&content, "\"three\""),
    ]);
    let place = Place {
        options: DownloadOptions {
            retries: 3,
            ..place.options
        },
        ..place
    };
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
    let requests = server.requests();
    assert_asks_for_the_rest(&requests[2], 500, "\"two\"");
    assert_eq!(header(&requests[3], "range"), None);
}

#[test]
fn another_address_begins_anew() {
    let (mut place, content) = (Place::new(), weights());
    place.options.retries = 0;
    let first = Server::start(vec![Reply::whole(&content, ETAG).cut_after(1000)]);
    place.download(&first, &known(&content)).unwrap_err();
    let second = Server::start(vec![Reply::whole(&content, ETAG)]);
    place.download(&second, &known(&content)).unwrap();
    place.assert_holds(&content);
    assert_eq!(header(&second.requests()[0], "range"), None);
}

#[test]
fn a_part_of_unknown_origin_is_not_used() {
    for meta in [None, Some("not toml ["), Some("url = 'x'")] {
        let (place, content) = (Place::new(), weights());
        fs::create_dir_all(place.target().parent().unwrap()).unwrap();
        fs::write(place.target().with_extension("pt.part"), "something else").unwrap();
        if let Some(meta) = meta {
            fs::write(place.target().with_extension("pt.part.meta"), meta).unwrap();
        }
        let server = Server::start(vec![Reply::whole(&content, ETAG)]);
        place.download(&server, &known(&content)).unwrap();
        place.assert_holds(&content);
    }
}

#[test]
fn a_whole_part_is_put_in_its_place_without_the_network() {
    let (place, content, server) = (Place::new(), weights(), Server::none());
    leave_part(&place, &server, &content, content.len());
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
}

#[test]
fn a_part_of_another_file_is_thrown_away_once_its_hash_is_seen() {
    let (place, content) = (Place::new(), weights());
    let server = Server::start(vec![
        Reply::rest(&content, 1000, ETAG),
        Reply::whole(&content, ETAG),
    ]);
    leave_part(&place, &server, &vec![7; content.len()], 1000);
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
    assert_eq!(header(&server.requests()[1], "range"), None);
}

#[test]
fn a_part_that_the_server_no_longer_knows_is_thrown_away() {
    let (place, content) = (Place::new(), weights());
    let server = Server::start(vec![
        Reply::new("416 Range Not Satisfiable")
            .header("Content-Range", "bytes */10")
            .header("Content-Length", 0),
        Reply::whole(&content, ETAG),
    ]);
    leave_part(&place, &server, &content, 1000);
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
}

#[test]
fn progress_of_a_megabyte_counts_as_a_new_start() {
    let mut place = Place::new();
    place.options.retries = 1;
    let (content, step) = (vec![1; 5 << 20], 1 << 20);
    let mut replies = vec![Reply::whole(&content, ETAG).cut_after(step)];
    replies.extend((1..5).map(|piece| Reply::rest(&content, piece * step, ETAG).cut_after(step)));
    let server = Server::start(replies);
    place.download(&server, &known(&content)).unwrap();
    place.assert_holds(&content);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn wherever_the_connection_is_cut_the_file_is_the_same(
        content in prop::collection::vec(1u8..=50, 1..5000),
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..5),
    ) {
        let mut place = Place::new();
        place.options.retries = 5;
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
        place.download(&server, &known(&content)).unwrap();
        place.assert_holds(&content);
    }
}
