//! The program `iopaint`.

use std::process::ExitCode;

use iopaint_app::cli::{Cli, Command};
use iopaint_app::{health, server, settings, telemetry};

fn main() -> ExitCode {
    let cli = match settings::parse(std::env::args_os(), |name| std::env::var(name).ok()) {
        Ok(cli) => cli,
        Err(error) => error.exit(),
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("iopaint: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let result = match cli.command {
        Command::Start(flags) => {
            telemetry::init(flags.log_format);
            runtime.block_on(server::start(*flags))
        }
        Command::Health(flags) => runtime.block_on(health::health(&flags)),
    };
    // A forward can't be interrupted; the process doesn't wait for it.
    runtime.shutdown_background();
    result
}
