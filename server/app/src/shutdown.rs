//! Being told to stop.

/// Waits for Ctrl-C or, from an orchestrator, SIGTERM. From the call on neither ends the process by itself, even
/// before the future is polled. Needs a tokio runtime around it.
pub fn signal() -> impl Future<Output = ()> {
    #[cfg(unix)]
    let signals = {
        use tokio::signal::unix::{SignalKind, signal};
        [SignalKind::interrupt(), SignalKind::terminate()].map(|kind| signal(kind).ok())
    };
    async move {
        #[cfg(unix)]
        {
            let [interrupt, terminate] = signals.map(received);
            tokio::select! {
                () = interrupt => {}
                () = terminate => {}
            }
        }
        // Where no signal can be waited for, the process is ended from outside.
        #[cfg(not(unix))]
        let _ = tokio::signal::ctrl_c().await;
    }
}

#[cfg(unix)]
async fn received(signal: Option<tokio::signal::unix::Signal>) {
    match signal {
        Some(mut signal) => {
            signal.recv().await;
        }
        // It can't be listened to, and ends the process by itself.
        None => std::future::pending().await,
    }
}
