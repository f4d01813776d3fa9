//! The wait policy of OpenMP's threads, as the OpenMP library itself reports it.

use crate::iopaint;

/// The environment variables that select a policy.
const CHOICES: [&str; 3] = ["OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME"];

/// The value of `GOMP_SPINCOUNT` in the library's own report, which it writes to stderr when it is loaded.
fn reported_spin_count(environment: &[(&str, &str)]) -> String {
    let mut command = iopaint(&["--version"]);
    for name in CHOICES {
        command.env_remove(name);
    }
    let output = command
        .envs(environment.iter().copied())
        .env("OMP_DISPLAY_ENV", "VERBOSE")
        .output()
        .unwrap();
    assert!(output.status.success());
    let report = String::from_utf8_lossy(&output.stderr);
    let (_, value) = report
        .split_once("GOMP_SPINCOUNT = '")
        .unwrap_or_else(|| panic!("no spin count in {report}"));
    value.split_once('\'').unwrap().0.to_owned()
}

#[test]
fn openmp_threads_spin_briefly() {
    assert_eq!(reported_spin_count(&[]), "300");
}

#[test]
fn openmp_user_policy_is_kept() {
    assert_eq!(reported_spin_count(&[("GOMP_SPINCOUNT", "77")]), "77");
    let active = reported_spin_count(&[("OMP_WAIT_POLICY", "ACTIVE")]);
    assert!(active.parse::<u64>().unwrap() > 300, "{active}");
}
