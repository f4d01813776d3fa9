use std::collections::BTreeSet;

use super::*;

fn name(text: &str) -> FileName {
    FileName::parse(text).unwrap()
}

fn file_names(path: &Path) -> BTreeSet<String> {
    std::fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[test]
fn existing_name_gets_number() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    for (bytes, given) in [(b"1", "a.png"), (b"2", "a-1.png"), (b"3", "a-2.png")] {
        assert_eq!(
            open.write(&name("a.png"), bytes, ExistingFile::Keep)
                .unwrap()
                .as_str(),
            given
        );
        assert_eq!(std::fs::read(folder.path().join(given)).unwrap(), bytes);
    }
    assert_eq!(file_names(folder.path()).len(), 3, "temporary file left");
}

#[test]
fn replacing_keeps_name() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    for bytes in [b"old", b"new"] {
        open.write(&name("a.png"), bytes, ExistingFile::Replace).unwrap();
    }
    assert_eq!(std::fs::read(folder.path().join("a.png")).unwrap(), b"new");
    assert_eq!(file_names(folder.path()).len(), 1);
}

#[test]
fn concurrent_writes_keep_all_files() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    let names: BTreeSet<String> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..16u8)
            .map(|number| {
                let open = open.clone();
                scope.spawn(move || {
                    open.write(&name("a.png"), &[number; 1000], ExistingFile::Keep)
                        .unwrap()
                })
            })
            .collect();
        writers
            .into_iter()
            .map(|writer| writer.join().unwrap().as_str().to_owned())
            .collect()
    });
    assert_eq!((names.len(), names), (16, file_names(folder.path())));
}

#[test]
fn temporary_file_fallback_works() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    for (existing, given) in [
        (ExistingFile::Keep, "a.png"),
        (ExistingFile::Keep, "a-1.png"),
        (ExistingFile::Replace, "a.png"),
    ] {
        let written = open.write_temporary(&name("a.png"), b"1", existing);
        assert_eq!(written.unwrap().as_str(), given);
    }
    assert_eq!(file_names(folder.path()).len(), 2, "temporary file left");
}

#[test]
fn rename_fallback_without_hard_links() {
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
fn names_in_other_normalization_are_equal() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    std::fs::write(folder.path().join(DECOMPOSED), b"old").unwrap();
    let read = |name: &str| io::read_to_string(open.read(&FileName::parse(name).unwrap()).unwrap()).unwrap();
    assert_eq!(read(COMPOSED), "old");
    let replaced = open
        .write(&name(COMPOSED), b"new", ExistingFile::Replace)
        .unwrap();
    assert_eq!(
        (replaced.as_str(), read(DECOMPOSED)),
        (DECOMPOSED, "new".to_owned())
    );
    let kept = open.write(&name(COMPOSED), b"other", ExistingFile::Keep).unwrap();
    assert_eq!((kept.as_str(), read(DECOMPOSED)), ("é-1.png", "new".to_owned()));
    assert_eq!(file_names(folder.path()).len(), 2);
}

#[test]
fn exact_name_wins_over_normalization() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    for stored in [COMPOSED, DECOMPOSED] {
        std::fs::write(folder.path().join(stored), stored).unwrap();
    }
    // APFS keeps only one of them.
    for stored in file_names(folder.path()) {
        let read = io::read_to_string(open.read(&name(&stored)).unwrap()).unwrap();
        assert_eq!(nfc(&read), nfc(&stored));
        let replaced = open.write(&name(&stored), read.as_bytes(), ExistingFile::Replace);
        assert_eq!(replaced.unwrap().as_str(), stored);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn names_over_255_bytes_leave_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let open = Folder::open(folder.path()).unwrap();
    let longest = name(&format!("{}aa.png", "写".repeat(83)));
    for _ in 0..3 {
        open.write(&longest, b"1", ExistingFile::Keep).unwrap();
    }
    assert_eq!(file_names(folder.path()).len(), 3);
    assert_eq!(open.names().unwrap().len(), 3);
    let longer = name(&format!("{}.png", "写".repeat(100)));
    for existing in [ExistingFile::Keep, ExistingFile::Replace] {
        let error = open.write(&longer, b"1", existing).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidFilename);
    }
    assert_eq!(file_names(folder.path()).len(), 3);
}

#[cfg(unix)]
#[test]
fn links_pipes_and_folders_are_ignored() {
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
fn replacing_link_keeps_target() {
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(outside.path(), b"precious").unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("a.png")).unwrap();
    let open = Folder::open(folder.path()).unwrap();
    open.write(&name("a.png"), b"new", ExistingFile::Replace).unwrap();
    assert_eq!(std::fs::read(outside.path()).unwrap(), b"precious");
    assert_eq!(std::fs::read(folder.path().join("a.png")).unwrap(), b"new");
}

#[test]
fn missing_folder_is_created() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/results");
    assert!(Folder::open(&path).is_err());
    Folder::create(&path).unwrap();
    assert!(file_names(&path).is_empty());
    std::fs::write(folder.path().join("file"), b"").unwrap();
    assert!(Folder::create(&folder.path().join("file/results")).is_err());
}
