//! The program `iopaint`.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use std::ffi::{c_char, c_int};
use std::io::Write;

use iopaint_app::cli::{Cli, Command};
use iopaint_app::settings::LogFormat;
use iopaint_app::{health, manual, model_files, run, server, settings, telemetry};

/// Runs before the constructors of shared libraries, of which libgomp's reads its wait policy from the environment.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[used]
// SAFETY: the section's entries have this signature, and the dynamic linker calls them.
#[unsafe(link_section = ".preinit_array")]
static PREINIT: unsafe extern "C" fn(c_int, *const *const c_char, *const *const c_char) =
    iopaint_engine::reexecute_with_wait_policy;

fn main() {
    // SAFETY: nothing has started a thread yet.
    unsafe {
        iopaint_engine::set_wait_policy();
        iopaint_engine::bound_memory();
    }
    let cli = match settings::parse(std::env::args_os(), |name| std::env::var(name).ok()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let code = execute(cli).unwrap_or_else(|error| {
        eprintln!("iopaint: {error:#}");
        1
    });
    telemetry::finish();
    // Who reads it may be gone; the code still counts.
    let _ = std::io::stdout().flush();
    // A forward can't be interrupted, and the process doesn't wait for one that still runs.
    iopaint_engine::exit(code)
}

/// Returns the exit code.
fn execute(cli: Cli) -> anyhow::Result<u8> {
    telemetry::init(match &cli.command {
        Command::Start(flags) => flags.log_format,
        _ => LogFormat::default(),
    });
    match cli.command {
        Command::Start(flags) => with_runtime(|runtime| runtime.block_on(server::start(*flags)))?,
        Command::Run(flags) => return with_runtime(|runtime| run::run(runtime, &flags)),
        Command::Download(flags) => model_files::download(&flags)?,
        Command::List(flags) => model_files::list(&flags)?,
        Command::Health(flags) => with_runtime(|runtime| runtime.block_on(health::health(&flags)))?,
        Command::Completions(flags) => manual::completions(flags.shell),
        Command::Man(flags) => manual::man(flags.output.as_deref())?,
        Command::StartWebConfig(_) => eprintln!(
            "iopaint: there is no configuration page any more; `iopaint start --help` lists the flags, and \
             `iopaint start --config FILE` reads them from a JSON file"
        ),
        Command::InstallPluginsPackages => {
            eprintln!("iopaint: there is nothing to install; this program needs no Python packages");
        }
    }
    Ok(0)
}

fn with_runtime<T>(work: impl FnOnce(&tokio::runtime::Runtime) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = work(&runtime);
    runtime.shutdown_background();
    result
}
