//! Networks that are compiled from source code.

use iopaint_inpaint::{InpaintOptions, Unmonitored};

use super::*;
use crate::module::Loading;

const PADDING: Padding = Padding {
    modulo: 32,
    min_size: 256,
    square: true,
};

/// One line with a certain score, and one without.
const WIREFRAME: &str = "
def forward(self, x):
  lines = torch.tensor([[0.25, 0.5, 0.75, 0.5], [0.5, 0.25, 0.5, 0.75]])
  return {'lines_pred': lines, 'lines_score': torch.tensor([0.9, 0.8]), 'num_proposals': torch.tensor(2)}
";
/// Neither edges nor lines in the hole.
const EDGE_LINE: &str = "
def forward(self, image, edge, line, masks):
  return (masks * 0 - 9, masks * 0 - 9)
";
const UPSAMPLE: &str = "
def forward(self, x):
  return torch.upsample_nearest2d(x, [x.size(2) * 2, x.size(3) * 2]) * 9 - 6
";
/// The lines in gray.
const INPAINT: &str = "
def forward(self, image, mask, edge, line, distance, direction):
  return line.expand([1, 3, -1, -1])
";

fn module(source: &str) -> Module {
    Module::compile(source.trim_start(), Vec::new(), unchanged(Device::Cpu)).unwrap()
}

fn model(wireframe: &str, upsample: &str) -> ZitsModel {
    ZitsModel {
        structure: StructureNetworks {
            wireframe: module(wireframe),
            edge_line: module(EDGE_LINE),
            structure_upsample: module(upsample),
            device: Device::Cpu,
        },
        inpaint: module(INPAINT),
        device: Device::Cpu,
        padding: PADDING,
    }
}

fn fill(model: &mut dyn Inpainter, side: u32, wireframe: bool) -> Result<RgbImage, ForwardError> {
    let mut options = InpaintOptions::default();
    options.zits.wireframe = wireframe;
    let context = Context {
        options: &options,
        monitor: &Unmonitored,
    };
    let mask = Mask::from_fn(side, side, |x, y| x < 8 && y < 8);
    model.forward(&nested_squares(side), mask.as_coverage(), &context)
}

fn is_black(image: &RgbImage) -> bool {
    image.as_raw().iter().all(|sample| *sample == 0)
}

#[test]
fn certain_lines_reach_the_inpainting_network() {
    let image = fill(&mut model(WIREFRAME, UPSAMPLE), 256, true).unwrap();
    assert_eq!(image.get_pixel(100, 128).0, [255; 3]);
    assert_eq!(image.get_pixel(128, 100).0, [0; 3]);
}

#[test]
fn lines_are_enlarged_to_the_size_of_the_image() {
    for side in [288, 1056] {
        let image = fill(&mut model(WIREFRAME, UPSAMPLE), side, true).unwrap();
        assert!(image.get_pixel(side * 3 / 8, side / 2).0[0] > 200, "{side}");
        assert!(image.get_pixel(side / 2, side * 3 / 8).0[0] < 50, "{side}");
    }
}

#[test]
fn no_structure_without_wireframe() {
    assert!(is_black(
        &fill(&mut model(WIREFRAME, UPSAMPLE), 256, false).unwrap()
    ));
}

#[test]
fn shared_handle_gives_the_same_fill() {
    let mut model = model(WIREFRAME, UPSAMPLE);
    let mut other = model.share().unwrap();
    assert_eq!(
        fill(&mut model, 288, true).unwrap(),
        fill(other.as_mut(), 288, true).unwrap()
    );
}

#[test]
fn image_without_corners_has_no_lines() {
    for wireframe in [
        "def forward(self, x):\n  assert x.size(2) == 1, 'no corner'\n  return {'lines_pred': x}\n",
        "def forward(self, x):\n  return {'num_proposals': 0}\n",
    ] {
        let image = fill(&mut model(wireframe, UPSAMPLE), 256, true).unwrap();
        assert!(is_black(&image), "{wireframe}");
    }
}

#[test]
fn wrong_results_of_the_wireframe_network_are_errors() {
    let lines = "{'lines_pred': torch.ones([2, 4]), 'lines_score': torch.ones([3])}";
    for (result, reason) in [
        ("x", "lines_pred"),
        ("{'lines_pred': torch.ones([2, 4])}", "lines_score"),
        (lines, "lines of shape [2, 4] with scores of shape [3]"),
        ("['none']", "other than tensors"),
        ("(x, 1)", "a tuple with a value other than a tensor"),
    ] {
        let source = format!("def forward(self, x):\n  return {result}\n");
        let error = model(&source, UPSAMPLE)
            .structure
            .find_lines(&nested_squares(256), &square_hole(256))
            .unwrap_err()
            .to_string();
        assert!(error.starts_with("wireframe network: "), "{error}");
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn map_that_stays_small_is_an_error() {
    let error = fill(
        &mut model(WIREFRAME, "def forward(self, x):\n  return x\n"),
        288,
        true,
    )
    .unwrap_err();
    assert!(
        error.to_string().contains("structure-upsample network"),
        "{error}"
    );
}

#[test]
fn rewritten_graph_returns_one_tensor_only() {
    let loading = Loading {
        optimize: true,
        ..unchanged(Device::Cpu)
    };
    let source = "def forward(self, x):\n  return x\n";
    let mut module = Module::compile(source, Vec::new(), loading).unwrap();
    let input = Tensor::zeros([1, 1, 8, 8], (Kind::Float, tch::Device::Cpu));
    let error = module.forward_all(&mut [(None, input)]).err().unwrap();
    assert!(
        error.to_string().contains("a rewritten model returns one tensor"),
        "{error}"
    );
}
