//! The command line described for shells and for `man`.

use std::io;
use std::path::Path;

use anyhow::Context;
use clap_complete::Shell;

use crate::cli::command;

/// Prints a shell's completions.
pub fn completions(shell: Shell) {
    clap_complete::generate(shell, &mut command(), "iopaint", &mut io::stdout());
}

/// Prints the man page, or writes it and those of the subcommands into a folder.
///
/// # Errors
/// The folder can't be written to, or nobody reads what is printed.
pub fn man(folder: Option<&Path>) -> anyhow::Result<()> {
    match folder {
        None => clap_mangen::Man::new(command()).render(&mut io::stdout())?,
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command(), folder))
            .with_context(|| format!("the man pages can't be written to {}", folder.display()))?,
    }
    Ok(())
}
