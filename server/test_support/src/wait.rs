//! Waiting with a deadline.

use std::time::Duration;

/// Longest wait. Far longer than any test needs on a loaded machine, so that only a hanging test reaches it.
pub const DEADLINE: Duration = Duration::from_mins(1);

/// Awaits `future`.
///
/// # Panics
/// If it takes longer than [`DEADLINE`]; the message contains `description`.
pub async fn with_deadline<T>(description: &str, future: impl Future<Output = T>) -> T {
    with_timeout(DEADLINE, description, future).await
}

/// Yields to the runtime until `condition` returns true.
///
/// # Panics
/// If it takes longer than [`DEADLINE`]; the message contains `description`.
pub async fn wait_until(description: &str, mut condition: impl FnMut() -> bool) {
    let poll = async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    };
    with_deadline(description, poll).await;
}

#[expect(clippy::panic, reason = "fails the test")]
async fn with_timeout<T>(timeout: Duration, description: &str, future: impl Future<Output = T>) -> T {
    let Ok(output) = tokio::time::timeout(timeout, future).await else {
        panic!("timed out after {timeout:?}: {description}")
    };
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn returns_once_the_condition_holds() {
        let mut polls = 0;
        wait_until("third poll", || {
            polls += 1;
            polls == 3
        })
        .await;
        assert_eq!(polls, 3);
    }

    #[tokio::test]
    #[should_panic(expected = "timed out after 1ms: a pending future")]
    async fn panics_after_the_timeout() {
        let timeout = Duration::from_millis(1);
        with_timeout(timeout, "a pending future", std::future::pending::<()>()).await;
    }
}
