//! Where the flags' values come from: the command line, the environment, a configuration file, the machine.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, FromArgMatches, ValueEnum};

use crate::cli::{Cli, IgnoredFlags, command};
use crate::text_encoding::read_text;

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people: one line an event.
    #[default]
    Text,
    /// For people: several lines an event, each field told apart.
    Pretty,
    /// One JSON object a line.
    Json,
}

/// Plain names that the container's users set, as in IOPaint's images. They count only where the image says that it
/// is one: shells and clusters export a HOST and a PORT of their own.
const CONTAINER_VARIABLES: [&str; 6] = ["MODEL", "DEVICE", "HOST", "PORT", "MODEL_DIR", "OUTPUT_DIR"];

/// Reads the command line. A flag wins over `IOPAINT_<FLAG>`, that over the configuration file, that over the
/// container's plain names, those over the defaults. `env` reads an environment variable.
///
/// # Errors
/// clap's, ready to be printed; `--help` and `--version` come as errors too.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Cli, clap::Error> {
    let mut command = command();
    let arguments: Vec<OsString> = negated(&command, arguments);
    let container = env("IOPAINT_CONTAINER").is_some_and(|value| value == "1");
    let mut defaults = HashMap::new();
    if container {
        for name in CONTAINER_VARIABLES {
            let value = env(name).filter(|value| !value.is_empty());
            // Kubernetes writes the address of a Service called "" into such a variable.
            if let Some(value) = value.filter(|value| name != "PORT" || !value.contains("://")) {
                defaults.insert(name.to_ascii_lowercase(), value);
            }
        }
    }
    command = with_defaults(command, &defaults);
    let matches = command.clone().try_get_matches_from(arguments.iter())?;
    let config = matches
        .subcommand()
        .filter(|(name, _)| *name == "start")
        .and_then(|(_, start)| start.get_one::<std::path::PathBuf>("config").cloned());
    let matches = match config {
        Some(path) => {
            let values = read_config(&path)
                .map_err(|reason| command.error(ErrorKind::ValueValidation, format!("--config: {reason}")))?;
            with_defaults(command, &values).try_get_matches_from(arguments)?
        }
        None => matches,
    };
    if let Some(("start", start)) = matches.subcommand() {
        tell_ignored(start);
    }
    Cli::from_arg_matches(&matches)
}

/// `--no-flag` as `--flag=false`, for every switch called `flag`.
fn negated(command: &clap::Command, arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let switches: Vec<String> = command
        .get_subcommands()
        .flat_map(clap::Command::get_arguments)
        .filter(|argument| {
            argument
                .get_num_args()
                .is_some_and(|count| count.min_values() == 0)
        })
        .filter(|argument| matches!(argument.get_action(), ArgAction::Set))
        .filter_map(|argument| argument.get_long().map(str::to_owned))
        .collect();
    arguments
        .into_iter()
        .map(|argument| {
            let switch = argument
                .to_str()
                .and_then(|text| text.strip_prefix("--no-"))
                .filter(|switch| switches.iter().any(|known| known == switch));
            match switch {
                Some(switch) => OsString::from(format!("--{switch}=false")),
                None => argument,
            }
        })
        .collect()
}

/// Replaces defaults of the subcommands' flags.
fn with_defaults(command: clap::Command, defaults: &HashMap<String, String>) -> clap::Command {
    command.mut_subcommands(|subcommand| {
        subcommand.mut_args(|argument| match defaults.get(argument.get_id().as_str()) {
            Some(value) => argument.default_value(value.clone()),
            None => argument,
        })
    })
}

/// The keys of a JSON file, with `_` or `-`, as texts; null counts as absent, and a list is written as the flag takes it.
fn read_config(path: &Path) -> Result<HashMap<String, String>, String> {
    let text = read_text(path).map_err(|error| format!("the file can't be read: {error}"))?;
    let values: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&text).map_err(|error| format!("the file is not a JSON object: {error}"))?;
    Ok(values
        .into_iter()
        .filter_map(|(key, value)| {
            let text = match value {
                serde_json::Value::String(text) => text,
                serde_json::Value::Bool(_) | serde_json::Value::Number(_) => value.to_string(),
                serde_json::Value::Array(values) => values
                    .iter()
                    .filter_map(serde_json::Value::as_str)
                    .collect::<Vec<_>>()
                    .join(","),
                _ => return None,
            };
            Some((key.replace('-', "_"), text))
        })
        .collect())
}

/// Says which switches were set that mean nothing here.
fn tell_ignored(start: &clap::ArgMatches) {
    for id in IgnoredFlags::ids() {
        let given = matches!(
            start.value_source(&id),
            Some(ValueSource::CommandLine | ValueSource::EnvVariable)
        );
        if given && matches!(start.try_get_one::<bool>(&id), Ok(Some(true))) {
            let flag = id.replace('_', "-");
            eprintln!("iopaint: --{flag} has no effect on this server and is ignored");
        }
    }
}

/// The processors this process may use: the affinity mask and the cgroup's quota, as the system counts them; the
/// computing threads of a forward gain nothing beyond.
#[must_use]
pub fn default_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::cli::{Command, Start};

    fn start(arguments: &str, env: &[(&str, &str)]) -> Start {
        let arguments = ["iopaint", "start"]
            .into_iter()
            .chain(arguments.split_whitespace());
        let env: HashMap<String, String> = env
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        match parse(arguments.map(OsString::from), |name| env.get(name).cloned())
            .unwrap()
            .command
        {
            Command::Start(start) => *start,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_defaults_are_iopaints() {
        let start = start("", &[]);
        assert_eq!(
            (start.host.as_str(), start.port, start.quality),
            ("127.0.0.1", 8080, 100)
        );
        assert_eq!(
            (start.models.device.as_str(), start.models.model.as_str()),
            ("cpu", "")
        );
        assert!(!start.models.local_files_only && !start.models.low_mem);
        assert_eq!(start.ignored.remove_bg_model, "briaai/RMBG-1.4");
    }

    #[rstest]
    #[case("--low-mem", true)]
    #[case("--no-low-mem", false)]
    #[case("--low-mem --no-low-mem", false)]
    #[case("--low-mem=true", true)]
    fn switches_can_be_negated_and_the_last_one_counts(#[case] arguments: &str, #[case] expected: bool) {
        assert_eq!(start(arguments, &[]).models.low_mem, expected);
    }

    #[test]
    fn iopaints_own_negative_switch_is_not_a_negation() {
        assert!(start("--no-half", &[]).ignored.no_half);
    }

    #[test]
    fn plain_variables_count_in_the_container_only() {
        let env = [("HOST", "0.0.0.0"), ("PORT", "9000"), ("MODEL", "anime-lama")];
        assert_eq!(start("", &env).host, "127.0.0.1");
        let env = [&env[..], &[("IOPAINT_CONTAINER", "1")]].concat();
        let container = start("--port 7000", &env);
        assert_eq!((container.host.as_str(), container.port), ("0.0.0.0", 7000));
        assert_eq!(container.models.model, "anime-lama");
        let service = [
            ("PORT", "tcp://10.0.0.1:80"),
            ("IOPAINT_CONTAINER", "1"),
            ("MODEL", ""),
        ];
        assert_eq!(
            (
                start("", &service).port,
                start("", &service).models.model.as_str()
            ),
            (8080, "")
        );
    }

    #[test]
    fn a_configuration_file_gives_defaults() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(
            file.path(),
            r#"{"port": 9001, "low_mem": true, "device": null, "unknown": 1}"#,
        )
        .unwrap();
        let path = file.path().display();
        let from_file = start(&format!("--config {path}"), &[]);
        assert_eq!(
            (
                from_file.port,
                from_file.models.low_mem,
                from_file.models.device.as_str()
            ),
            (9001, true, "cpu")
        );
        assert_eq!(start(&format!("--port 7 --config {path}"), &[]).port, 7);
    }

    #[rstest]
    #[case(b"\xef\xbb\xbf{\"port\": 9001}".to_vec())]
    #[case(br#"{"port": 9001}"#.iter().flat_map(|byte| [*byte, 0]).collect())]
    fn configuration_files_of_windows_tools_are_read(#[case] bytes: Vec<u8>) {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        let from_file = start(&format!("--config {}", file.path().display()), &[]);
        assert_eq!(from_file.port, 9001);
    }

    #[rstest]
    #[case("--port x")]
    #[case("--quality 0")]
    #[case("--config /nowhere.json")]
    #[case("--nonsense")]
    fn wrong_flags_are_refused(#[case] arguments: &str) {
        let arguments = ["iopaint", "start"]
            .into_iter()
            .chain(arguments.split_whitespace());
        assert!(parse(arguments.map(OsString::from), |_| None).is_err());
    }
}
