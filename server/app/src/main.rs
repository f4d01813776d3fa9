//! The program `iopaint`.

#[cfg(all(target_os = "linux", target_env = "gnu"))]
use std::ffi::{c_char, c_int};
use std::io::Write;

use iopaint_app::cli::{self, Cli, Command, LogFormat};
use iopaint_app::{healthcheck_client, manual, mcp, model_files, run, server, telemetry};

/// Runs before the constructors of shared libraries, because libgomp's constructor reads the wait policy from
/// the environment.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[used]
// SAFETY: the dynamic linker calls the entries of this section with this signature.
#[unsafe(link_section = ".preinit_array")]
static PREINIT: unsafe extern "C" fn(c_int, *const *const c_char, *const *const c_char) =
    iopaint_engine::reexecute_with_wait_policy;

fn main() {
    // SAFETY: no other thread exists yet.
    unsafe {
        iopaint_engine::set_wait_policy();
        iopaint_engine::bound_memory();
    }
    let cli = match cli::parse(std::env::args_os(), |name| std::env::var(name).ok()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    let code = execute(cli).unwrap_or_else(|error| {
        eprintln!("iopaint: {error:#}");
        1
    });
    telemetry::shutdown();
    // A closed stdout does not change the exit code.
    let _ = std::io::stdout().flush();
    // A running forward can't be interrupted, so the process exits without joining its thread.
    iopaint_engine::exit(code)
}

/// Runs the subcommand and returns the exit code.
fn execute(cli: Cli) -> anyhow::Result<u8> {
    telemetry::init(match &cli.command {
        Command::Start(args) => args.log_format,
        _ => LogFormat::default(),
    });
    match cli.command {
        Command::Start(args) => with_runtime(|runtime| runtime.block_on(server::start(*args)))?,
        Command::Run(args) => return with_runtime(|runtime| run::fill(runtime, &args)),
        Command::Cutout(args) => return with_runtime(|runtime| run::cut_out(runtime, &args)),
        Command::Upscale(args) => return with_runtime(|runtime| run::upscale(runtime, &args)),
        Command::Mcp(args) => with_runtime(|runtime| runtime.block_on(mcp::serve(*args)))?,
        Command::Download(args) => model_files::download(&args)?,
        Command::List(args) => model_files::list(&args)?,
        Command::Health(args) => {
            with_runtime(|runtime| runtime.block_on(healthcheck_client::check_readiness(&args)))?;
        }
        Command::Completions(args) => manual::completions(args.shell),
        Command::Man(args) => manual::man(args.output.as_deref())?,
        Command::StartWebConfig(_) => eprintln!(
            "iopaint: the configuration page no longer exists; `iopaint start --help` lists the flags, and \
             `iopaint start --config FILE` reads them from a JSON file"
        ),
        Command::InstallPluginsPackages => {
            eprintln!("iopaint: nothing to install; this program needs no Python packages");
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
