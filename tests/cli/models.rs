//! `iopaint download` and `iopaint list`.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Output;

use crate::{fixtures, iopaint};

fn run(folder: &tempfile::TempDir, arguments: &[&str], env: &[(&str, &str)]) -> Output {
    iopaint(arguments)
        .args(["--model-dir", folder.path().to_str().unwrap()])
        .env("NO_PROXY", "127.0.0.1")
        .env_remove("TORCH_HOME")
        .envs(env.iter().copied())
        .output()
        .unwrap()
}

fn lines(output: &Output) -> Vec<String> {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Serves one request with the stand-in for lama; returns its address.
fn serve_lama_once() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/big-lama.pt", listener.local_addr().unwrap());
    let body = fs::read(fixtures().join("goldens/models/lama.pt")).unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]).unwrap();
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(&body).unwrap();
    });
    address
}

#[test]
fn list_prints_models_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let before = lines(&run(&folder, &["list"], &[]));
    assert!(
        before.contains(&"lama-mini".to_owned()),
        "the built-in one is always there: {before:?}"
    );
    assert!(!before.contains(&"lama".to_owned()));
    let checkpoints = folder.path().join("torch/hub/checkpoints");
    fs::create_dir_all(&checkpoints).unwrap();
    fs::write(checkpoints.join("big-lama.pt"), "weights").unwrap();
    let after = lines(&run(&folder, &["list"], &[]));
    assert_eq!(after.len(), before.len() + 1);
    assert!(after.contains(&"lama".to_owned()), "{after:?}");
}

#[test]
fn download_uses_iopaint_folder_once() {
    let folder = tempfile::tempdir().unwrap();
    let address = serve_lama_once();
    let env = [("LAMA_MODEL_URL", address.as_str()), ("LAMA_MODEL_MD5", "")];
    for words in ["downloaded: ", "already present: "] {
        let output = run(&folder, &["download", "--model", "lama"], &env);
        assert!(lines(&output).is_empty());
        assert!(stderr(&output).contains(words), "{}", stderr(&output));
    }
    assert_eq!(
        fs::read(folder.path().join("torch/hub/checkpoints/big-lama.pt")).unwrap(),
        fs::read(fixtures().join("goldens/models/lama.pt")).unwrap()
    );
    assert!(lines(&run(&folder, &["list"], &[])).contains(&"lama".to_owned()));
}

#[test]
fn download_of_built_in_model_succeeds() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(&folder, &["download", "--model", "lama-mini"], &[]);
    assert!(lines(&output).is_empty());
    assert!(stderr(&output).contains("is built in"));
}

#[test]
fn download_of_unknown_model_lists_models() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(
        &folder,
        &["download", "--model", "runwayml/stable-diffusion-inpainting"],
        &[],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("`anime-lama`"), "{}", stderr(&output));
}

#[test]
fn a_download_that_fails_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/big-lama.pt", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().take(16).flatten() {
            let _ = (&stream).read(&mut [0; 4096]);
            let _ = (&stream)
                .write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let output = run(
        &folder,
        &["download", "--model", "lama"],
        &[("LAMA_MODEL_URL", &address)],
    );
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("status 404"), "{}", stderr(&output));
    assert!(!lines(&run(&folder, &["list"], &[])).contains(&"lama".to_owned()));
}

#[test]
fn list_all_has_task_size_state_and_licence() {
    let folder = tempfile::tempdir().unwrap();
    let row = |name: &str| {
        let table = lines(&run(&folder, &["list", "--all"], &[]));
        let mut rows = table.iter().map(|line| {
            let cells = line.split("  ").map(str::trim).filter(|cell| !cell.is_empty());
            cells.map(str::to_owned).collect::<Vec<_>>()
        });
        rows.find(|cells| cells.first().is_some_and(|cell| cell == name))
            .unwrap_or_else(|| panic!("no {name} in {table:#?}"))
    };
    assert_eq!(row("NAME"), ["NAME", "TASK", "SIZE", "STATE", "LICENCE"]);
    assert_eq!(
        row("u2netp"),
        ["u2netp", "select, cut out", "5 MB", "built in", "Apache-2.0"]
    );
    assert_eq!(
        row("vit_h"),
        ["vit_h", "select by click", "2565 MB", "download", "Apache-2.0"]
    );
    let checkpoints = folder.path().join("torch/hub/checkpoints");
    fs::create_dir_all(&checkpoints).unwrap();
    fs::write(checkpoints.join("sam_vit_h_4b8939.pth"), "weights").unwrap();
    assert_eq!(
        row("vit_h"),
        ["vit_h", "select by click", "1 MB", "on disk", "Apache-2.0"]
    );
}

/// Names of the files that IOPaint 1.6.0 stores in its folder of checkpoints.
const IOPAINT_FILES: [&str; 37] = [
    "GFPGANv1.4.pth",
    "Places_512_FullData_G.pth",
    "RealESRGAN_x4plus.pth",
    "RealESRGAN_x4plus_anime_6B.pth",
    "RestoreFormer.pth",
    "anime-manga-big-lama.pt",
    "big-lama.pt",
    "cond_stage_model_decode.pt",
    "cond_stage_model_encode.pt",
    "detection_Resnet50_Final.pth",
    "diffusion.pt",
    "erika.jit",
    "isnetis.pth",
    "manga_inpaintor.jit",
    "migan_traced.pt",
    "mobile_sam.pt",
    "parsing_parsenet.pth",
    "places_512_G.pth",
    "realesr-general-x4v3.pth",
    "sam2.1_hiera_base_plus.pt",
    "sam2.1_hiera_large.pt",
    "sam2.1_hiera_small.pt",
    "sam2.1_hiera_tiny.pt",
    "sam2_hiera_base_plus.pt",
    "sam2_hiera_large.pt",
    "sam2_hiera_small.pt",
    "sam2_hiera_tiny.pt",
    "sam_hq_vit_b.pth",
    "sam_hq_vit_h.pth",
    "sam_hq_vit_l.pth",
    "sam_vit_b_01ec64.pth",
    "sam_vit_h_4b8939.pth",
    "sam_vit_l_0b3195.pth",
    "zits-edge-line-0717.pt",
    "zits-inpaint-0717.pt",
    "zits-structure-upsample-0717.pt",
    "zits-wireframe-0717.pt",
];

#[test]
fn files_of_an_iopaint_volume_are_found() {
    let folder = tempfile::tempdir().unwrap();
    let place = |path: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "weights").unwrap();
    };
    for name in IOPAINT_FILES {
        place(&format!("torch/hub/checkpoints/{name}"));
    }
    place("huggingface/hub/models--briaai--RMBG-1.4/snapshots/2ceba5a/model.pth");
    place("huggingface/hub/models--briaai--RMBG-2.0/snapshots/f1c5a0b/model.safetensors");
    for name in [
        "u2net",
        "u2net_human_seg",
        "silueta",
        "isnet-general-use",
        "isnet-anime",
        "birefnet-general",
        "birefnet-general-lite",
        "birefnet-portrait",
    ] {
        place(&format!(".u2net/{name}.onnx"));
    }
    let rembg = folder.path().join(".u2net");
    let output = run(
        &folder,
        &["list", "--all"],
        &[("U2NET_HOME", rembg.to_str().unwrap())],
    );
    let missing: Vec<String> = lines(&output)
        .into_iter()
        .skip(1)
        .filter(|row| !row.contains("  on disk  ") && !row.contains("  built in  "))
        .collect();
    assert_eq!(missing, [""; 0]);
}
