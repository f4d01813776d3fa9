//! The API's description as one page to read: plain HTML, without scripts, made once from the document for programs.

use std::fmt::Write;
use std::sync::Arc;

use axum::response::Html;
use serde_json::Value;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color-scheme:light dark}\
    h2{margin-top:2.5rem;border-top:1px solid #8885;padding-top:1rem}code{font-size:.95em}\
    table{border-collapse:collapse;margin:.5rem 0}td,th{padding:.2rem 1rem .2rem 0;text-align:left;vertical-align:top}";
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The page of an API's description.
#[derive(Clone, Debug)]
pub struct Reference(Arc<str>);

impl Reference {
    /// Renders a description.
    #[must_use]
    pub fn new(description: &utoipa::openapi::OpenApi) -> Self {
        // A description is a tree of texts; it can't fail to become JSON.
        let description = serde_json::to_value(description).unwrap_or_default();
        Self(page(&description).into())
    }

    /// The answer at its address.
    pub fn html(&self) -> Html<String> {
        Html(self.0.to_string())
    }
}

fn page(api: &Value) -> String {
    let title = escaped(text(&api["info"]["title"]));
    let mut html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
        <meta name=\"viewport\" content=\"width=device-width\"><title>{title}: API</title><style>{STYLE}</style>\
        <h1>{title}: API</h1><p>{}</p><p><a href=\"openapi.json\">openapi.json</a> has the same for programs, \
        <a href=\"docs/\">docs</a> lets you try it.</p><ul>",
        escaped(text(&api["info"]["description"]))
    );
    let operations = operations(api);
    for (method, path, operation) in &operations {
        let id = escaped(text(&operation["operationId"]));
        put(
            &mut html,
            format_args!("<li><a href=\"#{id}\"><code>{method} {path}</code></a>"),
        );
    }
    html.push_str("</ul>");
    for (method, path, operation) in &operations {
        put_operation(&mut html, method, path, operation);
    }
    html.push_str("<h2>Data</h2>");
    for (name, schema) in entries(&api["components"]["schemas"]) {
        put_schema(&mut html, name, schema);
    }
    html
}

/// Every route as (method, path, operation), in the description's order.
fn operations(api: &Value) -> Vec<(String, String, &Value)> {
    entries(&api["paths"])
        .flat_map(|(path, methods)| {
            METHODS
                .into_iter()
                .filter_map(move |method| Some((method.to_uppercase(), escaped(path), methods.get(method)?)))
        })
        .collect()
}

fn put_operation(html: &mut String, method: &str, path: &str, operation: &Value) {
    let id = escaped(text(&operation["operationId"]));
    let summary = escaped(text(&operation["summary"]));
    let more = escaped(text(&operation["description"]));
    put(
        html,
        format_args!("<h2 id=\"{id}\"><code>{method} {path}</code></h2><p>{summary} {more}</p>"),
    );
    let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
    if !parameters.is_empty() {
        html.push_str("<h3>Query</h3><table>");
        for parameter in parameters {
            put(
                html,
                format_args!(
                    "<tr><td><code>{}</code>{}<td>{}<td>{}",
                    escaped(text(&parameter["name"])),
                    if parameter["required"] == true {
                        " (required)"
                    } else {
                        ""
                    },
                    kind(&parameter["schema"]),
                    escaped(text(&parameter["description"])),
                ),
            );
        }
        html.push_str("</table>");
    }
    let bodies: Vec<String> = entries(&operation["requestBody"]["content"])
        .map(content)
        .collect();
    if !bodies.is_empty() {
        put(html, format_args!("<h3>Body</h3><p>{}</p>", bodies.join(" or ")));
    }
    html.push_str("<h3>Answers</h3><table>");
    for (status, answer) in entries(&operation["responses"]) {
        let bodies: Vec<String> = entries(&answer["content"]).map(content).collect();
        let headers: Vec<String> = entries(&answer["headers"])
            .map(|(name, header)| {
                format!(
                    "<br><code>{}</code>: {}",
                    escaped(name),
                    escaped(text(&header["description"]))
                )
            })
            .collect();
        put(
            html,
            format_args!(
                "<tr><th>{status}<td>{}<td>{}{}",
                bodies.join(" or "),
                escaped(text(&answer["description"])),
                headers.concat()
            ),
        );
    }
    html.push_str("</table>");
}

fn put_schema(html: &mut String, name: &str, schema: &Value) {
    let name = escaped(name);
    let words = escaped(text(&schema["description"]));
    put(html, format_args!("<h3 id=\"{name}\">{name}</h3><p>{words}</p>"));
    let required: Vec<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .map(text)
        .collect();
    html.push_str("<table>");
    for (field, property) in entries(&schema["properties"]) {
        let default = match &property["default"] {
            Value::Null if required.contains(&field) => " (required)".to_owned(),
            Value::Null => String::new(),
            default => format!(" = <code>{}</code>", escaped(&default.to_string())),
        };
        put(
            html,
            format_args!(
                "<tr><td><code>{}</code>{default}<td>{}<td>{}",
                escaped(field),
                kind(property),
                escaped(text(&property["description"])),
            ),
        );
    }
    html.push_str("</table>");
    let alternatives: Vec<String> = schema["enum"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|value| format!("<code>{}</code>", escaped(text(value))))
        .chain(schema["oneOf"].as_array().into_iter().flatten().map(|one| {
            let values: Vec<&str> = one["enum"].as_array().into_iter().flatten().map(text).collect();
            format!(
                "<code>{}</code>: {}",
                escaped(&values.join(", ")),
                escaped(text(&one["description"]))
            )
        }))
        .collect();
    if !alternatives.is_empty() {
        put(html, format_args!("<ul><li>{}</ul>", alternatives.join("<li>")));
    }
}

fn content((media_type, content): (&str, &Value)) -> String {
    format!(
        "<code>{}</code> {}",
        escaped(media_type),
        kind(&content["schema"])
    )
}

/// What a value is, in a few words, with a link to what is described on its own.
fn kind(schema: &Value) -> String {
    if let Some(name) = text(&schema["$ref"])
        .rsplit('/')
        .next()
        .filter(|name| !name.is_empty())
    {
        let name = escaped(name);
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let alternatives: Vec<String> = ["oneOf", "anyOf", "allOf"]
        .into_iter()
        .filter_map(|key| schema[key].as_array())
        .flatten()
        .map(kind)
        .collect();
    if !alternatives.is_empty() {
        return alternatives.join(" or ");
    }
    match &schema["type"] {
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) => escaped(name),
        Value::Array(names) => names
            .iter()
            .map(|name| escaped(text(name)))
            .collect::<Vec<_>>()
            .join(" or "),
        _ => String::new(),
    }
}

fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(key, value)| (key.as_str(), value))
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn put(html: &mut String, words: std::fmt::Arguments<'_>) {
    // Writing to a string can't fail.
    let _ = html.write_fmt(words);
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_become_markup() {
        let api = serde_json::json!({
            "info": { "title": "<b>", "description": "a & b" },
            "components": { "schemas": { "X": { "description": "\"<script>\"" } } },
        });
        let page = page(&api);
        assert!(page.contains("&lt;b&gt;") && page.contains("a &amp; b"));
        assert!(!page.contains("<b>") && !page.contains("<script"));
    }

    #[test]
    fn every_route_and_every_kind_of_data_is_on_the_page() {
        let description = crate::openapi();
        let page = Reference::new(&description).0;
        let api = serde_json::to_value(&description).unwrap();
        for (path, _) in entries(&api["paths"]) {
            assert!(page.contains(&format!(" {path}</code>")), "{path}");
        }
        for (name, _) in entries(&api["components"]["schemas"]) {
            assert!(page.contains(&format!("id=\"{name}\"")), "{name}");
        }
        for link in page.split("href=\"#").skip(1) {
            let target = link.split('"').next().unwrap();
            assert!(page.contains(&format!("id=\"{target}\"")), "{target}");
        }
    }
}
