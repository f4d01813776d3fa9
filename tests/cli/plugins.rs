//! `iopaint run --mask auto:...`, `iopaint cutout` and `iopaint upscale`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use image::{DynamicImage, RgbImage};

use crate::{fixtures, iopaint};

/// A folder with images in `images`.
struct Workspace(tempfile::TempDir);

impl Workspace {
    fn new(images: &[(&str, DynamicImage)]) -> Self {
        let workspace = Self(tempfile::tempdir().unwrap());
        for folder in ["images", "models"] {
            fs::create_dir(workspace.path(folder)).unwrap();
        }
        for (name, image) in images {
            image.save(workspace.path("images").join(name)).unwrap();
        }
        workspace
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs the program in this folder, offline.
    fn run(&self, arguments: &[&str]) -> Output {
        iopaint(arguments)
            .current_dir(self.0.path())
            .env("IOPAINT_MODEL_DIR", "models")
            .env("IOPAINT_LOCAL_FILES_ONLY", "1")
            .output()
            .unwrap()
    }

    fn open(&self, name: &str) -> DynamicImage {
        image::open(self.path(name)).unwrap()
    }
}

/// A disc on a background of another colour, 160 x 120 pixels.
fn disc() -> DynamicImage {
    let image = RgbImage::from_fn(160, 120, |x, y| {
        let (dx, dy) = (f64::from(x) - 80.0, f64::from(y) - 60.0);
        if dx.hypot(dy) < 35.0 {
            [220, 60, 40].into()
        } else {
            [40, 90 + (x / 8 % 2) as u8 * 8, 60].into()
        }
    });
    image.into()
}

#[track_caller]
fn stderr(output: &Output, code: i32) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert_eq!(output.stdout, b"");
    stderr
}

#[test]
fn auto_object_fills_main_object() {
    let workspace = Workspace::new(&[("a.png", disc()), ("b.png", disc())]);
    let output = workspace.run(&[
        "run",
        "--model",
        "cv2",
        "--image",
        "images",
        "--mask",
        "auto:object",
        "--output",
        "results",
        "--write-masks",
        "masks",
    ]);
    assert!(stderr(&output, 0).contains("2 images, model `cv2`: 2 filled"));
    for name in ["a.png", "b.png"] {
        let mask = workspace.open(&format!("masks/{name}")).to_luma8();
        assert_eq!(mask.dimensions(), (160, 120));
        assert_eq!((mask.get_pixel(80, 60).0, mask.get_pixel(3, 3).0), ([255], [0]));
        let filled = workspace.open(&format!("results/{name}")).to_rgb8();
        assert!(filled.get_pixel(80, 60).0[0] < 120, "the disc is gone");
    }
}

#[test]
fn auto_background_is_complement_of_object() {
    let workspace = Workspace::new(&[("a.png", disc())]);
    let output = workspace.run(&[
        "run",
        "--model",
        "cv2",
        "--image",
        "images",
        "--mask",
        "auto:background",
        "--output",
        "results",
        "--write-masks",
        "masks",
    ]);
    stderr(&output, 0);
    let mask = workspace.open("masks/a.png").to_luma8();
    assert_eq!((mask.get_pixel(80, 60).0, mask.get_pixel(3, 3).0), ([0], [255]));
}

#[test]
fn image_without_text_stays_unchanged() {
    let plain: DynamicImage = RgbImage::from_fn(160, 120, |x, y| [x as u8, y as u8, 90].into()).into();
    let workspace = Workspace::new(&[("a.png", plain.clone())]);
    let output = workspace.run(&[
        "run",
        "--model",
        "cv2",
        "--image",
        "images",
        "--mask",
        "auto:text",
        "--output",
        "results",
    ]);
    stderr(&output, 0);
    assert!(workspace.open("results/a.png").to_rgb8() == plain.to_rgb8());
}

#[test]
fn unknown_auto_mask_is_an_invalid_flag() {
    let workspace = Workspace::new(&[("a.png", disc())]);
    let output = workspace.run(&[
        "run", "--image", "images", "--mask", "auto:cat", "--output", "results",
    ]);
    assert!(stderr(&output, 2).contains("auto:text"));
}

#[test]
fn cutout_writes_transparent_images_and_resumes() {
    let workspace = Workspace::new(&[("a.png", disc())]);
    let arguments = ["cutout", "--image", "images", "--output", "results", "--resume"];
    assert!(stderr(&workspace.run(&arguments), 0).contains("1 image, model `u2netp`: 1 cut out"));
    let cut_out = workspace.open("results/a.png").to_rgba8();
    assert!(cut_out.get_pixel(80, 60).0[3] > 200 && cut_out.get_pixel(3, 3).0[3] < 50);
    assert!(stderr(&workspace.run(&arguments), 0).contains("1 skipped"));
}

#[test]
fn upscale_writes_larger_images_and_reports_failures() {
    let workspace = Workspace::new(&[("a.png", disc())]);
    fs::write(workspace.path("images/b.png"), "no image").unwrap();
    let output = workspace.run(&[
        "upscale", "--image", "images", "--output", "results", "--scale", "1.5",
    ]);
    assert!(stderr(&output, 3).contains("1 upscaled, 1 failed"));
    let upscaled = workspace.open("results/a.png");
    assert_eq!((upscaled.width(), upscaled.height()), (240, 180));
    let small = [
        "upscale",
        "--image",
        "images",
        "--output",
        "results",
        "--max-pixels",
        "30000",
    ];
    assert!(stderr(&workspace.run(&small), 1).contains("--max-pixels"));
}

#[test]
fn other_models_of_the_task_can_be_named() {
    let workspace = Workspace::new(&[("a.png", disc())]);
    let cutout = |model: &str| {
        workspace.run(&[
            "cutout", "--image", "images", "--output", "results", "--model", model,
        ])
    };
    assert!(stderr(&cutout("lama"), 1).contains("`u2netp`"));
    assert!(stderr(&cutout("silueta"), 1).contains("downloads are disabled"));
    let file: &Path = &fixtures().join("goldens/models/lama.pt");
    fs::copy(file, workspace.path("models/silueta.onnx")).unwrap();
    assert!(stderr(&cutout("silueta"), 1).contains("silueta"));
}
