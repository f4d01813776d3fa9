//! Signals that stop the server.

/// Returns a future that completes at Ctrl+C or SIGTERM. From the call on, neither signal terminates the
/// process, even before the future is polled. Must be called in a tokio runtime.
pub fn shutdown_signal() -> impl Future<Output = ()> {
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
        // An error means that the handler can't be installed; Ctrl+C then terminates the process.
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
        // The handler couldn't be installed; the signal terminates the process.
        None => std::future::pending().await,
    }
}
