//! Messages for errors of the engine, completed by the commands and flags that help.

use iopaint_engine::{DownloadRefusal, NoModelDir, StartError, Unavailable};

/// Returns the message for a model that can't serve.
pub fn unavailable(error: &Unavailable) -> String {
    match error {
        Unavailable::Absent(name) => format!(
            "{error}; download it with `iopaint download --model {name}`, or copy its file into the model folder"
        ),
        Unavailable::Unknown(_) | Unavailable::Downloading(_) => error.to_string(),
    }
}

/// Returns the message for a download that is not started.
pub fn download_refusal(error: &DownloadRefusal) -> String {
    match error {
        DownloadRefusal::Disabled => format!("{error}, as it was started with --local-files-only"),
        _ => error.to_string(),
    }
}

/// Adds advice to an error of the engine's start.
pub fn start_error(error: StartError) -> anyhow::Error {
    match error {
        StartError::Absent(_) => anyhow::anyhow!(
            "{error}; start once without --local-files-only to download it, or copy its file into the model folder"
        ),
        error => error.into(),
    }
}

/// Adds advice to a missing model folder.
pub fn no_model_dir(error: NoModelDir) -> anyhow::Error {
    anyhow::anyhow!("{error}; set a model folder with --model-dir")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_name_commands_and_flags() {
        let absent = unavailable(&Unavailable::Absent("lama".into()));
        assert!(absent.contains("`iopaint download --model lama`"), "{absent}");
        let refused = download_refusal(&DownloadRefusal::Disabled);
        assert!(refused.contains("--local-files-only"), "{refused}");
        let start = start_error(StartError::Absent("lama".into())).to_string();
        assert!(start.contains("--local-files-only"), "{start}");
        let folder = no_model_dir(NoModelDir).to_string();
        assert!(folder.contains("--model-dir"), "{folder}");
    }
}
