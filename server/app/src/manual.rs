//! `iopaint completions` and `iopaint man`: descriptions of the command line for shells and for `man`.

use std::io;
use std::path::Path;

use anyhow::Context;
use clap_complete::Shell;

use crate::cli::command;

/// Prints the completion script of a shell to stdout.
pub fn completions(shell: Shell) {
    clap_complete::generate(shell, &mut command(), "iopaint", &mut io::stdout());
}

/// Prints the man page to stdout, or writes the man pages of all subcommands to a folder.
///
/// # Errors
/// Returns an error if the folder can't be written to or stdout is closed.
pub fn man(folder: Option<&Path>) -> anyhow::Result<()> {
    match folder {
        None => clap_mangen::Man::new(command()).render(&mut io::stdout())?,
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command(), folder))
            .with_context(|| format!("cannot write man pages to {}", folder.display()))?,
    }
    Ok(())
}
