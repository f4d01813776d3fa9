use std::collections::BTreeSet;

use super::*;

fn name(text: &str) -> FileName {
    FileName::parse(text).unwrap()
}

fn left(path: &Path) -> BTreeSet<String> {
    std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_name_that_is_taken_gets_a_number_and_the_old_file_stays() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    for (bytes, given) in [(b"1", "a.png"), (b"2", "a-1.png"), (b"3", "a-2.png")] {
        assert_eq!(
            open.write(&name("a.png"), bytes, Existing::Keep)
                .unwrap()
                .as_str(),
            given
        );
        assert_eq!(std::fs::read(folder.path().join(given)).unwrap(), bytes);
    }
    assert_eq!(left(folder.path()).len(), 3, "no temporary file is left");
}

#[test]
fn replacing_keeps_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    for bytes in [b"old", b"new"] {
        open.write(&name("a.png"), bytes, Existing::Replace).unwrap();
    }
    assert_eq!(std::fs::read(folder.path().join("a.png")).unwrap(), b"new");
    assert_eq!(left(folder.path()).len(), 1);
}

#[test]
fn writers_at_the_same_time_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    let names: BTreeSet<String> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..16u8)
            .map(|number| {
                let open = open.clone();
                scope.spawn(move || {
                    open.write(&name("a.png"), &[number; 1000], Existing::Keep)
                        .unwrap()
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap().as_str().to_owned())
            .collect()
    });
    assert_eq!((names.len(), names), (16, left(folder.path())));
}

#[test]
fn where_files_have_a_name_from_the_start_the_same_is_promised() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    for (existing, given) in [
        (Existing::Keep, "a.png"),
        (Existing::Keep, "a-1.png"),
        (Existing::Replace, "a.png"),
    ] {
        let written = open.write_under_another_name(&name("a.png"), b"1", existing);
        assert_eq!(written.unwrap().as_str(), given);
    }
    assert_eq!(left(folder.path()).len(), 2, "no temporary file is left");
}

#[test]
fn without_second_names_a_reserved_name_does() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    open.write_new(".temporary", b"1").unwrap();
    open.reserve_and_rename(".temporary", &name("a.png")).unwrap();
    assert_eq!(std::fs::read(folder.path().join("a.png")).unwrap(), b"1");
    open.write_new(".temporary", b"2").unwrap();
    let error = open.reserve_and_rename(".temporary", &name("a.png")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
}

const COMPOSED: &str = "é.png";
const DECOMPOSED: &str = "e\u{301}.png";

#[test]
fn other_normalization_of_a_name_is_the_same_file() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    std::fs::write(folder.path().join(DECOMPOSED), b"old").unwrap();
    let read = |name: &str| io::read_to_string(open.read(&FileName::parse(name).unwrap()).unwrap()).unwrap();
    assert_eq!(read(COMPOSED), "old");
    let replaced = open.write(&name(COMPOSED), b"new", Existing::Replace).unwrap();
    assert_eq!(
        (replaced.as_str(), read(DECOMPOSED)),
        (DECOMPOSED, "new".to_owned())
    );
    let kept = open.write(&name(COMPOSED), b"other", Existing::Keep).unwrap();
    assert_eq!((kept.as_str(), read(DECOMPOSED)), ("é-1.png", "new".to_owned()));
    assert_eq!(left(folder.path()).len(), 2);
}

#[test]
fn exact_name_wins_over_another_normalization() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    for stored in [COMPOSED, DECOMPOSED] {
        std::fs::write(folder.path().join(stored), stored).unwrap();
    }
    // APFS keeps one of them.
    for stored in left(folder.path()) {
        let read = io::read_to_string(open.read(&name(&stored)).unwrap()).unwrap();
        assert_eq!(nfc(&read), nfc(&stored));
        let replaced = open.write(&name(&stored), read.as_bytes(), Existing::Replace);
        assert_eq!(replaced.unwrap().as_str(), stored);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_of_255_bytes_are_written_and_longer_ones_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    let longest = name(&format!("{}aa.png", "写".repeat(83)));
    for _ in 0..3 {
        open.write(&longest, b"1", Existing::Keep).unwrap();
    }
    assert_eq!(left(folder.path()).len(), 3);
    assert_eq!(open.names().unwrap().len(), 3);
    let longer = name(&format!("{}.png", "写".repeat(100)));
    for existing in [Existing::Keep, Existing::Replace] {
        let error = open.write(&longer, b"1", existing).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidFilename);
    }
    assert_eq!(left(folder.path()).len(), 3);
}

#[cfg(unix)]
#[test]
fn links_pipes_and_folders_are_not_files() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link.png")).unwrap();
    std::fs::create_dir(folder.path().join("folder.png")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(folder.path().join("pipe.png"))
        .status()
        .unwrap();
    assert!(made.success());
    std::fs::write(folder.path().join("file.png"), b"1").unwrap();
    assert_eq!(open.names().unwrap(), [name("file.png")]);
    assert!(open.read(&name("file.png")).is_ok());
    for other in ["link.png", "folder.png", "pipe.png"] {
        assert!(open.read(&name(other)).is_err(), "{other}");
    }
}

#[cfg(unix)]
#[test]
fn replacing_a_link_leaves_what_it_points_to() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), b"precious").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("a.png")).unwrap();
    let open = Folder::open(folder.path()).unwrap();
    open.write(&name("a.png"), b"new", Existing::Replace).unwrap();
    assert_eq!(std::fs::read(outside.path()).unwrap(), b"precious");
    assert_eq!(std::fs::read(folder.path().join("a.png")).unwrap(), b"new");
}

#[test]
fn a_folder_to_write_to_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/results");
    assert!(Folder::open(&path).is_err());
    Folder::create(&path).unwrap();
    assert!(left(&path).is_empty());
    std::fs::write(folder.path().join("file"), b"").unwrap();
    assert!(Folder::create(&folder.path().join("file/results")).is_err());
}
