use std::ffi::OsString;
use std::fs;
use std::path::Path;

use rstest::rstest;

use super::*;
use crate::model_store::{ModelFile, ModelStore};

fn store(folder: &Path) -> ModelStore {
    ModelStore::new(folder.to_owned(), None)
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

fn messages(errors: &[RegistryError]) -> String {
    errors
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn embedded_registry_has_the_documented_models() {
    let registry = Registry::known().unwrap();
    let names: Vec<&str> = registry
        .of_task(ModelTask::Inpaint)
        .map(|spec| spec.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "lama",
            "anime-lama",
            "migan",
            "mat",
            "fcf",
            "manga",
            "ldm",
            "zits",
            "lama-patches",
            "lama-mini",
            "patchmatch",
            "cv2"
        ]
    );
    let lama = registry.get("lama").unwrap();
    assert_eq!(lama.files[0].name, "big-lama.pt");
    assert_eq!(
        lama.files[0].hashes.md5.as_deref(),
        Some("e3aa4aaa15225a33ec84f9f4bc47e500")
    );
    assert_eq!(lama.padding.modulo, 8);
    assert!(registry.get("LAMA").is_none());
}

#[test]
fn all_sizes_of_sam_2_are_registered() {
    let registry = Registry::known().unwrap();
    for version in ["sam2", "sam2_1"] {
        for size in ["tiny", "small", "base", "large"] {
            let spec = registry.get(&format!("{version}_{size}")).unwrap();
            assert_eq!(spec.format, ModelContract::Sam2);
            assert_eq!(spec.task(), ModelTask::SegmentByPrompt);
        }
    }
}

#[rstest]
#[case("lama-mini")]
#[case("u2netp")]
#[case("pp-ocrv6-det-small")]
#[case("realesr-animevideov3")]
fn builtin_file_has_the_pinned_hash(#[case] name: &str) {
    let registry = Registry::known().unwrap();
    let spec = registry.get(name).unwrap();
    let Origin::Builtin(file) = spec.files[0].origin else {
        panic!("not built in: {spec:?}")
    };
    assert_eq!(
        crate::verify::FileDigest::of_bytes(&file.content().unwrap()).sha256,
        spec.files[0].hashes.sha256.clone().unwrap()
    );
}

#[test]
fn plugins_have_builtin_models_of_their_task() {
    let registry = Registry::known().unwrap();
    let names: Vec<&str> = registry
        .plugins()
        .iter()
        .map(|plugin| plugin.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "InteractiveSeg",
            "TextMask",
            "RemoveBG",
            "RealESRGAN",
            "AnimeSeg",
            "GFPGAN",
            "RestoreFormer"
        ]
    );
    for plugin in registry.plugins() {
        let spec = registry.get(&plugin.model).unwrap();
        assert!((spec.is_builtin() || plugin.optional) && spec.task() == plugin.kind.task());
        assert!(plugin.kind.tasks().contains(&spec.task()));
    }
    assert!(registry.get_inpainter("u2netp").is_none());
}

#[rstest]
#[case::unknown_model("model='b'\nkind='upscale'", "`b`")]
#[case::other_task("model='a'\nkind='upscale'", "`a`")]
#[case::unknown_kind("model='a'\nkind='paint'", "paint")]
fn invalid_plugin_is_rejected(#[case] keys: &str, #[case] named: &str) {
    let text = format!(
        "[[model]]\nname='a'\nformat='u2net'\nfile=[{{name='u2netp.pt', builtin=true}}]\n[[plugin]]\nname='P'\n\
         title='P'\n{keys}"
    );
    let error = Registry::from_toml(&text).unwrap_err().to_string();
    assert!(error.contains(named), "{error}");
}

#[test]
fn onnx_and_pth_files_are_user_models() {
    let folder = tempfile::tempdir().unwrap();
    for (name, format, file) in [
        ("mine", "isnet", "mine.onnx"),
        ("big", "real-esrgan", "big.pth"),
        ("all", "sam", "all.pth"),
    ] {
        write(
            folder.path(),
            &format!("{name}.toml"),
            &format!("format = '{format}'"),
        );
        write(folder.path(), file, "weights");
    }
    let (registry, errors) = Registry::load(store(folder.path()).folders(), |_| None).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(registry.get("mine").unwrap().task(), ModelTask::Segment);
    assert_eq!(registry.get("big").unwrap().task(), ModelTask::Upscale);
    assert_eq!(registry.get("all").unwrap().task(), ModelTask::SegmentByPrompt);
}

/// The example of `docs/custom_models.md`.
#[test]
fn face_models_of_three_files_are_user_models() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        "portraits.pth",
        "detection_Resnet50_Final.pth",
        "parsing_parsenet.pth",
    ];
    for file in files {
        write(folder.path(), file, "weights");
    }
    let keys = files.map(|file| format!("{{ name = '{file}' }}")).join(",");
    for format in ["gfpgan", "restoreformer"] {
        let text = format!("format = '{format}'\nfile = [{keys}]");
        write(folder.path(), "portraits.toml", &text);
        let (registry, errors) = Registry::load(store(folder.path()).folders(), |_| None).unwrap();
        assert!(errors.is_empty(), "{errors:?}");
        let spec = registry.get("portraits").unwrap();
        assert_eq!((spec.task(), spec.files.len()), (ModelTask::RestoreFaces, 3));
    }
}

#[rstest]
#[case::unknown_key(
    "[[model]]\nname='a'\nformat='lama'\nfile=[{name='a.pt'}]\npading={modulo=8}",
    "pading"
)]
#[case::unknown_format("[[model]]\nname='a'\nformat='gan'\nfile=[{name='a.pt'}]", "gan")]
#[case::nameless("[[model]]\nformat='lama'\nfile=[{name='a.pt'}]", "`name`")]
#[case::fileless("[[model]]\nname='a'\nformat='lama'", "`file`")]
#[case::too_many_files(
    "[[model]]\nname='a'\nformat='lama'\nfile=[{name='a.pt'}, {name='b.pt'}]",
    "2 files"
)]
#[case::twice(
    "[[model]]\nname='a'\nformat='lama'\nfile=[{name='a.pt'}]\n[[model]]\nname='a'\nformat='lama'\nfile=[{name='a.pt'}]",
    "twice"
)]
#[case::path_as_name("[[model]]\nname='../a'\nformat='lama'\nfile=[{name='a.pt'}]", "`name`")]
#[case::path_as_file(
    "[[model]]\nname='a'\nformat='lama'\nfile=[{name='/etc/passwd'}]",
    "`file.name`"
)]
#[case::short_hash(
    "[[model]]\nname='a'\nformat='lama'\nfile=[{name='a.pt', md5='abc'}]",
    "32 hexadecimal"
)]
#[case::other_scheme(
    "[[model]]\nname='a'\nformat='lama'\nfile=[{name='a.pt', url='ftp://x/a.pt'}]",
    "https://"
)]
#[case::no_modulo(
    "[[model]]\nname='a'\nformat='lama'\npadding={modulo=0}\nfile=[{name='a.pt'}]",
    "padding.modulo"
)]
#[case::absent_builtin(
    "[[model]]\nname='a'\nformat='lama'\nfile=[{name='a.pt', builtin=true}]",
    "not part"
)]
#[case::tiny_limit(
    "[[model]]\nname='a'\nformat='lama'\nmax_forward_pixels=10\nfile=[{name='a.pt'}]",
    "max_forward_pixels"
)]
#[case::not_toml("[[model", "line 1")]
fn invalid_registry_error_names_the_position(#[case] text: &str, #[case] named: &str) {
    let error = Registry::from_toml(text).unwrap_err().to_string();
    assert!(error.contains(named), "{error}");
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn description_beside_weights_is_a_model() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "street.pt", "weights");
    write(
        folder.path(),
        "street.toml",
        "title = 'Street scenes'\nformat = 'lama'\npadding = { modulo = 16, min_size = 256, square = true }\n\
         max_forward_pixels = 1_000_000",
    );
    write(folder.path(), "plain.pt", "weights");
    write(folder.path(), "plain.toml", "format = 'lama'");
    let (registry, errors) = Registry::load(store(folder.path()).folders(), |_| None).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
    let street = registry.get("street").unwrap();
    assert_eq!(
        (
            street.title.as_str(),
            street.padding.modulo,
            street.padding.square
        ),
        ("Street scenes", 16, true)
    );
    assert_eq!(street.max_forward_pixels, Some(1_000_000));
    let plain = registry.get("plain").unwrap();
    assert_eq!((plain.title.as_str(), plain.padding.modulo), ("plain", 8));
    assert_eq!(
        store(folder.path()).locate(plain),
        Some(vec![ModelFile::Path(folder.path().join("plain.pt"))])
    );
}

#[test]
fn invalid_description_is_reported_others_load() {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("bad", "format = 'lama'\ncolour = 3"),
        (
            "fetched",
            "format = 'lama'\nfile=[{ url = 'https://example.org/x.pt' }]",
        ),
        ("renamed", "name = 'other'\nformat = 'lama'"),
        ("good", "format = 'lama'"),
    ] {
        write(folder.path(), &format!("{name}.toml"), text);
        write(folder.path(), &format!("{name}.pt"), "weights");
    }
    write(folder.path(), "lonely.toml", "format = 'lama'");
    let (registry, errors) = Registry::load(store(folder.path()).folders(), |_| None).unwrap();
    assert!(registry.get("good").is_some());
    assert_eq!(
        registry.iter().count(),
        Registry::known().unwrap().iter().count() + 1
    );
    let messages = messages(&errors);
    for named in [
        "bad.toml",
        "colour",
        "fetched.toml",
        "`url`",
        "`other`",
        "lonely.pt",
    ] {
        assert!(messages.contains(named), "{named}: {messages}");
    }
}

#[test]
fn description_never_replaces_a_known_model() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["lama", "LAMA-mini"] {
        write(folder.path(), &format!("{name}.pt"), "weights");
        write(folder.path(), &format!("{name}.toml"), "format = 'lama'");
    }
    let (registry, errors) = Registry::load(store(folder.path()).folders(), |_| None).unwrap();
    assert_eq!(registry.get("lama").unwrap().files[0].name, "big-lama.pt");
    assert_eq!(errors.len(), 2);
    assert!(
        messages(&errors).contains("already a model called `lama`"),
        "{errors:?}"
    );
}

#[test]
fn exported_mat_and_fcf_replace_the_registered_ones() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    for folder in &folders {
        for (name, format) in [("mat", "mat"), ("fcf", "migan")] {
            write(folder.path(), &format!("{name}.pt"), "weights");
            write(
                folder.path(),
                &format!("{name}.toml"),
                &format!("format = '{format}'"),
            );
        }
    }
    let [first, second] = folders.each_ref().map(|folder| folder.path().to_owned());
    let (registry, errors) = Registry::load(&[first.clone(), second], |_| None).unwrap();
    assert_eq!(errors.len(), 2, "the second folder's: {errors:?}");
    for name in ["mat", "fcf"] {
        let files = &registry.get(name).unwrap().files;
        assert_eq!(files[0].origin, Origin::Path(first.join(format!("{name}.pt"))));
    }
    assert_eq!(registry.iter().filter(|spec| spec.name == "mat").count(), 1);
    write(&first, "mat.toml", "format = 'lama'");
    let (registry, errors) = Registry::load(&[first], |_| None).unwrap();
    assert!(
        messages(&errors).contains("already a model called `mat`"),
        "{errors:?}"
    );
    assert!(matches!(
        registry.get("mat").unwrap().files[0].origin,
        Origin::Url(_)
    ));
}

#[test]
fn toml_files_of_other_programs_are_ignored() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "settings.toml", "[window]\nwidth = 3");
    fs::write(folder.path().join("binary.toml"), [0xff, 0xfe]).unwrap();
    fs::create_dir(folder.path().join("folder.toml")).unwrap();
    let (_, errors) = Registry::load(store(folder.path()).folders(), |_| None).unwrap();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn environment_overrides_url_and_hash() {
    let folder = tempfile::tempdir().unwrap();
    let local = folder.path().join("mine.pt");
    write(folder.path(), "mine.pt", "weights");
    let mut registry = Registry::known().unwrap();
    let errors = registry.apply_env(|name| match name {
        "LAMA_MODEL_URL" => Some(local.clone().into_os_string()),
        "LAMA_MODEL_MD5" => Some(OsString::new()),
        "ANIME_LAMA_MODEL_URL" => Some("https://mirror.example/files/anime.pt?token=1".into()),
        _ => None,
    });
    assert!(errors.is_empty(), "{errors:?}");
    let lama = &registry.get("lama").unwrap().files[0];
    assert_eq!(lama.origin, Origin::Path(local));
    assert!(lama.hashes.is_empty());
    let anime = &registry.get("anime-lama").unwrap().files[0];
    assert_eq!(anime.name, "anime.pt");
    assert!(anime.hashes.md5.is_some(), "a mirror's file is still verified");
}

#[test]
fn invalid_variables_are_reported_and_ignored() {
    let mut registry = Registry::known().unwrap();
    let errors = registry.apply_env(|name| match name {
        "LAMA_MODEL_URL" => Some("/nowhere/at/all.pt".into()),
        "LAMA_MODEL_MD5" => Some("xyz".into()),
        "ANIME_LAMA_MODEL_URL" => Some("https://mirror.example/".into()),
        _ => None,
    });
    let messages = messages(&errors);
    for named in ["LAMA_MODEL_URL", "LAMA_MODEL_MD5", "ANIME_LAMA_MODEL_URL"] {
        assert!(messages.contains(named), "{named}: {messages}");
    }
    let known = Registry::known().unwrap();
    assert!(registry.iter().eq(known.iter()));
}
