//! Plan of a batch: from the paths on the command line to pairs of image and mask.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::pairing::{Masks, Pair, is_image_name, pair};
use crate::cli::Shard;

/// Folders of a batch, and the images that this process fills.
#[derive(Debug)]
pub struct BatchPlan {
    pub images: PathBuf,
    pub masks: PathBuf,
    pub output: PathBuf,
    /// Sorted by the name of the image.
    pub pairs: Vec<Pair>,
}

/// Paths on the command line.
pub struct BatchPaths<'a> {
    /// Image, or folder of images.
    pub images: &'a Path,
    /// Mask, or folder of masks; `None` if the batch needs no files with masks.
    pub masks: Option<&'a Path>,
    /// Folder of the results.
    pub output: &'a Path,
    /// Share of this process.
    pub shard: Option<Shard>,
    /// Names results like their images.
    pub keep_names: bool,
}

/// Files of a folder.
struct Listing {
    folder: PathBuf,
    names: Vec<OsString>,
    /// True if the path on the command line is the folder, false if it is a single file.
    is_folder: bool,
}

impl BatchPlan {
    /// Lists images and masks and creates the output folder.
    ///
    /// # Errors
    /// Returns an error if a path can't be read, a folder has no images, or a result would replace an input.
    pub fn new(paths: &BatchPaths<'_>) -> anyhow::Result<Self> {
        let images = list(paths.images).context("--image")?;
        let masks = paths.masks.map(list).transpose().context("--mask")?;
        create_folder("--output", paths.output)?;
        for (flag, listing) in [("--image", Some(&images)), ("--mask", masks.as_ref())] {
            let Some(listing) = listing else { continue };
            if listing.is_folder && same_folder(&listing.folder, paths.output) {
                bail!(
                    "--output and {flag} are the same folder, so results could replace its files; choose another --output"
                );
            }
        }
        let (folder, choice) = match masks {
            None => (PathBuf::new(), Masks::None),
            Some(masks) => {
                let choice = match masks.names.first() {
                    Some(mask) if !masks.is_folder => Masks::One(mask.clone()),
                    _ => Masks::ByStem(masks.names),
                };
                (masks.folder, choice)
            }
        };
        let mut pairs = pair(images.names, &choice, paths.keep_names);
        if let Some(shard) = paths.shard {
            pairs = shard.of(pairs);
        }
        let plan = Self {
            images: images.folder,
            masks: folder,
            output: paths.output.to_owned(),
            pairs,
        };
        plan.check_inputs_are_kept()?;
        Ok(plan)
    }

    /// Checks that no result replaces an image or a mask.
    fn check_inputs_are_kept(&self) -> anyhow::Result<()> {
        for pair in &self.pairs {
            let inputs = [
                Some((&self.images, &pair.image)),
                pair.mask.as_ref().map(|mask| (&self.masks, mask)),
            ];
            for (folder, name) in inputs.into_iter().flatten() {
                if *name == pair.result && same_folder(folder, &self.output) {
                    bail!(
                        "the result {} would replace its own input; choose another --output",
                        self.output.join(&pair.result).display()
                    );
                }
            }
        }
        Ok(())
    }
}

/// Creates the folder of a flag, and its parents.
///
/// # Errors
/// Returns an error if it can't be created.
pub fn create_folder(flag: &str, folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("{flag}: cannot create the folder {}", folder.display()))
}

fn list(path: &Path) -> anyhow::Result<Listing> {
    if path.is_file() {
        let name = path.file_name().context("the path has no file name")?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        return Ok(Listing {
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
            names: vec![name.to_owned()],
            is_folder: false,
        });
    }
    let shown = path.display();
    let mut names = Vec::new();
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {shown}"))? {
        let entry = entry.with_context(|| format!("cannot read {shown}"))?;
        if is_image_name(&entry.file_name()) && entry.path().is_file() {
            names.push(entry.file_name());
        }
    }
    if names.is_empty() {
        bail!("no images in {shown}");
    }
    Ok(Listing {
        folder: path.to_owned(),
        names,
        is_folder: true,
    })
}

fn same_folder(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}
