//! The page's files: content negotiation and caching.

use axum::body::Body;
use axum::http::{Request, StatusCode};

use crate::harness::{Answer, server};

async fn get(path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    server().send(request.body(Body::empty()).unwrap()).await
}

/// Path of the page's script; `None` if the binary was compiled without the page.
async fn script() -> Option<String> {
    let page = String::from_utf8(get("/", &[]).await.body).unwrap();
    let (_, rest) = page.split_once("src=\"./")?;
    let (name, _) = rest.split_once('"')?;
    Some(format!("/{name}"))
}

#[tokio::test]
async fn encodings_have_distinct_etags() {
    let Some(script) = script().await else {
        eprintln!("skipped: the program was compiled without its page");
        return;
    };
    for path in ["/", &script] {
        let mut tags = Vec::new();
        for (accepted, encoding) in [
            ("", ""),
            ("identity", ""),
            ("gzip", "gzip"),
            ("gzip, deflate, br", "br"),
        ] {
            let headers = [("accept-encoding", accepted)];
            let answer = get(path, &headers).await;
            assert_eq!(answer.status, StatusCode::OK);
            assert_eq!(answer.header("content-encoding"), encoding, "{path} {accepted}");
            assert_eq!(answer.header("vary"), "accept-encoding");
            let tag = answer.header("etag").to_owned();
            for known in [tag.clone(), format!("\"other\", W/{tag}")] {
                let again = [headers[0], ("if-none-match", known.as_str())];
                let answer = get(path, &again).await;
                assert_eq!(answer.status, StatusCode::NOT_MODIFIED);
                assert_eq!((answer.header("vary"), answer.body.len()), ("accept-encoding", 0));
            }
            tags.push((tag, answer.body.len()));
        }
        tags.dedup();
        let [plain, gzip, br] = &tags[..] else {
            panic!("{tags:?}")
        };
        assert!(plain.1 > gzip.1 && gzip.1 > br.1, "{tags:?}");
        assert!(plain.0 != gzip.0 && gzip.0 != br.0 && plain.0 != br.0, "{tags:?}");
    }
}

#[tokio::test]
async fn assets_are_immutable_and_page_revalidates() {
    let Some(script) = script().await else {
        eprintln!("skipped: the program was compiled without its page");
        return;
    };
    assert!(
        get(&script, &[])
            .await
            .header("cache-control")
            .contains("immutable")
    );
    assert_eq!(get("/", &[]).await.header("cache-control"), "no-cache");
    let compressed = get(&format!("{script}.br"), &[]).await;
    assert_eq!(compressed.status, StatusCode::NOT_FOUND);
}
