//! Values of flags from the command line, environment variables, a configuration file and defaults.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::Path;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgAction, FromArgMatches};

use super::{Cli, IgnoredArgs, command};
use crate::text_encoding::read_text;

/// Variables that users of the container image set, as in IOPaint's images. They are read only in the image,
/// which sets `IOPAINT_CONTAINER=1`: shells and clusters export HOST and PORT for other purposes.
const CONTAINER_VARIABLES: [&str; 6] = ["MODEL", "DEVICE", "HOST", "PORT", "MODEL_DIR", "OUTPUT_DIR"];

/// Parses the command line. Precedence: flag, `IOPAINT_<FLAG>`, configuration file, [`CONTAINER_VARIABLES`],
/// default. `env` returns the value of an environment variable.
///
/// # Errors
/// Returns clap's error, ready to print. `--help` and `--version` are errors too.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
    env: impl Fn(&str) -> Option<String>,
) -> Result<Cli, clap::Error> {
    let mut command = command();
    let arguments: Vec<OsString> = expand_negations(&command, arguments);
    let container = env("IOPAINT_CONTAINER").is_some_and(|value| value == "1");
    let mut defaults = HashMap::new();
    if container {
        for name in CONTAINER_VARIABLES {
            let value = env(name).filter(|value| !value.is_empty());
            // A PORT with a URL (`tcp://10.0.0.1:80`) is a service link of Kubernetes or Docker.
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
        warn_about_ignored(start);
    }
    Cli::from_arg_matches(&matches)
}

/// Replaces `--no-flag` by `--flag=false` for each switch `flag`.
fn expand_negations(command: &clap::Command, arguments: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
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
                .filter(|switch| switches.iter().any(|name| name == switch));
            match switch {
                Some(switch) => OsString::from(format!("--{switch}=false")),
                None => argument,
            }
        })
        .collect()
}

/// Replaces the defaults of flags, by flag id, in all subcommands.
fn with_defaults(command: clap::Command, defaults: &HashMap<String, String>) -> clap::Command {
    command.mut_subcommands(|subcommand| {
        subcommand.mut_args(|argument| match defaults.get(argument.get_id().as_str()) {
            Some(value) => argument.default_value(value.clone()),
            None => argument,
        })
    })
}

/// Reads a JSON object and returns its values as flag values, by flag id: `-` in keys becomes `_`, null is
/// omitted, and lists are joined with commas.
fn read_config(path: &Path) -> Result<HashMap<String, String>, String> {
    let text = read_text(path).map_err(|error| format!("cannot read the file: {error}"))?;
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

/// Prints a warning for each switch without effect that is set.
fn warn_about_ignored(start: &clap::ArgMatches) {
    for id in IgnoredArgs::ids() {
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

#[cfg(test)]
mod tests {
    use iopaint_engine::{PluginKind, Precision};
    use rstest::rstest;

    use super::*;
    use crate::cli::{Command, StartArgs};

    fn start(arguments: &str, env: &[(&str, &str)]) -> StartArgs {
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
    fn precision_is_f32_unless_set() {
        assert_eq!(start("", &[]).models.precision, Precision::F32);
        assert_eq!(start("--precision bf16", &[]).models.precision, Precision::Bf16);
        let arguments = ["iopaint", "start", "--precision", "f16"].map(OsString::from);
        let error = parse(arguments, |_| None).unwrap_err();
        assert!(error.to_string().contains("expected f32 or bf16"), "{error}");
    }

    #[test]
    fn defaults_match_iopaint() {
        let start = start("", &[]);
        assert_eq!(
            (start.host.as_str(), start.port, start.quality),
            ("127.0.0.1", 8080, None)
        );
        assert_eq!(
            (start.models.device.as_str(), start.models.model.as_str()),
            ("cpu", "")
        );
        assert!(!start.models.local_files_only && !start.models.low_mem);
        // The default of IOPaint's plugins is a network under a non-commercial licence.
        assert!(start.plugins.plugins && start.plugins.remove_bg_model.is_none());
    }

    #[rstest]
    #[case("--low-mem", true)]
    #[case("--no-low-mem", false)]
    #[case("--low-mem --no-low-mem", false)]
    #[case("--low-mem=true", true)]
    fn last_switch_or_negation_wins(#[case] arguments: &str, #[case] expected: bool) {
        assert_eq!(start(arguments, &[]).models.low_mem, expected);
    }

    #[test]
    fn plugin_flags_select_plugins_and_models() {
        let choices = |arguments: &str| start(arguments, &[]).plugins.choices();
        let models = [(PluginKind::RemoveBackground, "u2net".to_owned())];
        let given =
            choices("--enable-remove-bg --remove-bg-model u2net --disable-plugin TextMask,RealESRGAN");
        assert_eq!(
            (given.models.as_slice(), given.disabled.len(), given.none),
            (&models[..], 2, false)
        );
        assert!(choices("--no-plugins").none);
        assert!(given.enabled.is_empty());
        assert!(choices("--enable-gfpgan").enabled == [PluginKind::RestoreFaces]);
        assert!(choices("--enable-restoreformer").enabled == [PluginKind::RestoreFormer]);
        assert!(choices("--enable-realesrgan").repaint_background && !given.repaint_background);
        assert!(choices("--enable-gfpgan --no-enable-gfpgan").enabled.is_empty());
    }

    #[test]
    fn no_half_is_not_a_negation() {
        assert!(start("--no-half", &[]).ignored.no_half);
    }

    #[test]
    fn plain_variables_apply_in_container_only() {
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
    fn config_file_sets_defaults() {
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
    fn config_file_may_be_utf16_or_have_bom(#[case] bytes: Vec<u8>) {
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
    fn invalid_flags_are_rejected(#[case] arguments: &str) {
        let arguments = ["iopaint", "start"]
            .into_iter()
            .chain(arguments.split_whitespace());
        assert!(parse(arguments.map(OsString::from), |_| None).is_err());
    }
}
