//! The number of CPUs that the process may use.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::thread;

/// Mount point of the control groups.
const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// Returns the number of CPUs of the affinity mask, or that of the control group's quota if it is lower.
///
/// Quotas are rounded up, unlike by [`thread::available_parallelism`]: under a quota of 1.5 CPUs two threads
/// are paused for a quarter of the time, while one thread would leave a third of the quota unused.
pub fn usable_cpus() -> usize {
    let read = |path: &Path| fs::read_to_string(path).ok();
    let status = read(Path::new("/proc/self/status"));
    let allowed = status.and_then(|status| allowed_cpus(&status));
    let allowed = allowed.unwrap_or_else(|| thread::available_parallelism().map_or(1, NonZeroUsize::get));
    let groups = read(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let quota = cpu_quota(&groups, read).map_or(usize::MAX, |quota| quota.ceil() as usize);
    allowed.min(quota).max(1)
}

/// Returns the number of CPUs in the list `Cpus_allowed_list` of `/proc/self/status`, such as `0-3,8`.
fn allowed_cpus(status: &str) -> Option<usize> {
    let ranges = status
        .lines()
        .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    ranges.trim().split(',').try_fold(0_usize, |count, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (usize, usize) = (first.parse().ok()?, last.parse().ok()?);
        count.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

/// Returns the lowest quota in CPUs among the control groups of a process and their parents. `groups` has the
/// lines of `/proc/self/cgroup`; `read` returns a file's contents.
fn cpu_quota(groups: &str, read: impl Fn(&Path) -> Option<String>) -> Option<f64> {
    let mut lowest: Option<f64> = None;
    for line in groups.lines() {
        // hierarchy:controllers:path; version 2 has no controllers.
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let is_v2 = controllers.is_empty();
        if !is_v2 && !controllers.split(',').any(|name| name == "cpu") {
            continue;
        }
        let mount = Path::new(CONTROL_GROUPS).join(if is_v2 { "" } else { "cpu" });
        // A container without a namespace of its own sees the host's path, but its files at the mount point.
        for group in Path::new(path.trim_start_matches('/')).ancestors() {
            let file = |name: &str| read(&mount.join(group).join(name));
            let quota = if is_v2 {
                file("cpu.max").and_then(|text| {
                    let (quota, period) = text.trim().split_once(' ')?;
                    ratio(quota, period)
                })
            } else {
                file("cpu.cfs_quota_us")
                    .zip(file("cpu.cfs_period_us"))
                    .and_then(|(quota, period)| ratio(&quota, &period))
            };
            if let Some(quota) = quota {
                lowest = Some(lowest.map_or(quota, |lowest| lowest.min(quota)));
            }
        }
    }
    lowest
}

/// Returns a quota by its period, both in microseconds; `None` for `max` and negative quotas, which mean no
/// limit.
fn ratio(quota: &str, period: &str) -> Option<f64> {
    let quota: u32 = quota.trim().parse().ok()?;
    let period: u32 = period.trim().parse().ok().filter(|period| *period > 0)?;
    Some(f64::from(quota) / f64::from(period))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::one("0", Some(1))]
    #[case::range("0-7", Some(8))]
    #[case::several("0-1,4,8-9", Some(5))]
    #[case::reversed("3-1", None)]
    #[case::empty("", None)]
    fn affinity_is_counted(#[case] list: &str, #[case] expected: Option<usize>) {
        let status = format!("Name:\tiopaint\nCpus_allowed:\tff\nCpus_allowed_list:\t{list}\n");
        assert_eq!(allowed_cpus(&status), expected);
    }

    #[rstest]
    #[case::none("0::/", &[], None)]
    #[case::unlimited("0::/", &[("cpu.max", "max 100000\n")], None)]
    #[case::container("0::/", &[("cpu.max", "150000 100000\n")], Some(1.5))]
    #[case::host_path("0::/docker/1f", &[("cpu.max", "50000 100000\n")], Some(0.5))]
    #[case::parent("0::/a/b", &[("a/cpu.max", "200000 100000"), ("a/b/cpu.max", "300000 100000")], Some(2.0))]
    #[case::version_1(
        "4:memory:/x\n3:cpu,cpuacct:/x",
        &[("cpu/x/cpu.cfs_quota_us", "75000\n"), ("cpu/x/cpu.cfs_period_us", "50000\n")],
        Some(1.5)
    )]
    #[case::version_1_unlimited(
        "3:cpu:/",
        &[("cpu/cpu.cfs_quota_us", "-1\n"), ("cpu/cpu.cfs_period_us", "100000\n")],
        None
    )]
    #[case::damaged("0::/\n:", &[("cpu.max", "1 0")], None)]
    fn quota_is_read(#[case] groups: &str, #[case] files: &[(&str, &str)], #[case] expected: Option<f64>) {
        let read = |path: &Path| {
            let mut files = files.iter();
            let name = path.strip_prefix(CONTROL_GROUPS).ok()?;
            files
                .find(|(file, _)| Path::new(file) == name)
                .map(|(_, text)| (*text).to_owned())
        };
        assert_eq!(cpu_quota(groups, read), expected);
    }

    #[test]
    fn some_cpu_is_usable() {
        assert!(usable_cpus() >= 1);
    }
}
