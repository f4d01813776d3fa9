//! What there is to do: from the folders that were named to pairs of files.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::pairing::{Masks, Pair, is_picture, pair};
use crate::cli::Run;

/// Where everything is, and what this process has to do of it.
#[derive(Debug)]
pub struct Plan {
    pub images: PathBuf,
    pub masks: PathBuf,
    pub output: PathBuf,
    /// In the order of the pictures' names.
    pub pairs: Vec<Pair>,
}

/// A folder and files in it.
struct Listing {
    folder: PathBuf,
    names: Vec<OsString>,
    /// Whether the folder was named, not one file.
    whole: bool,
}

impl Plan {
    /// Looks at the disk; makes the output folder.
    pub fn new(flags: &Run) -> anyhow::Result<Self> {
        let images = list(&flags.image).context("--image")?;
        let masks = list(&flags.mask).context("--mask")?;
        fs::create_dir_all(&flags.output)
            .with_context(|| format!("--output: {} can't be made a folder", flags.output.display()))?;
        for (flag, listing) in [("--image", &images), ("--mask", &masks)] {
            if listing.whole && same_folder(&listing.folder, &flags.output) {
                bail!(
                    "--output is the folder of {flag}, whose files the results would replace; name another one"
                );
            }
        }
        let choice = match masks.names.first() {
            Some(mask) if !masks.whole => Masks::One(mask.clone()),
            _ => Masks::ByStem(masks.names),
        };
        let mut pairs = pair(images.names, &choice);
        if let Some(shard) = flags.shard {
            pairs = shard.of(pairs);
        }
        let plan = Self {
            images: images.folder,
            masks: masks.folder,
            output: flags.output.clone(),
            pairs,
        };
        plan.spare_the_inputs()?;
        Ok(plan)
    }

    /// Refuses to replace a picture or a mask by a result.
    fn spare_the_inputs(&self) -> anyhow::Result<()> {
        for pair in &self.pairs {
            let inputs = [
                Some((&self.images, &pair.image)),
                pair.mask.as_ref().map(|mask| (&self.masks, mask)),
            ];
            for (folder, name) in inputs.into_iter().flatten() {
                if *name == pair.result && same_folder(folder, &self.output) {
                    bail!(
                        "the result {} would replace the file it is made of; name another --output",
                        self.output.join(&pair.result).display()
                    );
                }
            }
        }
        Ok(())
    }
}

fn list(path: &Path) -> anyhow::Result<Listing> {
    if path.is_file() {
        let name = path.file_name().context("a file without a name")?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        return Ok(Listing {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            names: vec![name.to_owned()],
            whole: false,
        });
    }
    let shown = path.display();
    let mut names = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("{shown} can't be read"))? {
        let entry = entry.with_context(|| format!("{shown} can't be read"))?;
        if is_picture(&entry.file_name()) && entry.path().is_file() {
            names.push(entry.file_name());
        }
    }
    if names.is_empty() {
        bail!("there are no pictures in {shown}");
    }
    Ok(Listing {
        folder: path.to_owned(),
        names,
        whole: true,
    })
}

fn same_folder(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
