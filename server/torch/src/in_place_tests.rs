//! Networks that change tensors in place: the rewritten graph gives the results of the original one.

use tch::{Kind, Tensor};

use crate::Device;
use crate::module::{Loading, Module};
use crate::random::seeded;

/// Returns the original and the rewritten module of a function's body. `self.w` are the weights of a
/// convolution of 3 to 4 channels.
fn modules(body: &str) -> [Module; 2] {
    let source = format!(
        "def forward(self, x: Tensor) -> Tensor:\n    {}\n",
        body.replace('\n', "\n    ")
    );
    [false, true].map(|optimize| {
        let weights = seeded(1, || {
            Tensor::f_rand([4, 3, 3, 3], (Kind::Float, tch::Device::Cpu)).unwrap()
        });
        let weights = weights.f_sub_scalar(0.5).unwrap();
        let loading = Loading {
            optimize,
            ..Loading::on(Device::Cpu)
        };
        Module::compile(&source, vec![("w".to_owned(), weights)], loading).unwrap()
    })
}

#[test]
fn writes_give_the_original_results() {
    for (body, activations) in [
        ("y = torch.relu_(torch.conv2d(x, self.w))\nreturn y * 2.0", 1),
        ("y = torch.conv2d(x, self.w)\ntorch.relu_(y)\nreturn y * 2.0", 1),
        (
            "y = torch.conv2d(x, self.w)\nz = y + 1.0\ntorch.relu_(y)\nreturn z * y",
            0,
        ),
        (
            "y = torch.conv2d(x, self.w)\nv = y[:, 1:]\ntorch.relu_(y)\nreturn v * 2.0",
            0,
        ),
        (
            "y = torch.conv2d(x, self.w)\nv = y[:, 1:]\ntorch.relu_(v)\nreturn y * 2.0",
            0,
        ),
        (
            "y = torch.conv2d(x, self.w)\nif bool(torch.sum(y) > 0.0):\n    torch.relu_(y)\nreturn y * 2.0",
            0,
        ),
        (
            "y = torch.conv2d(x, self.w)\nif bool(torch.sum(y) < 0.0):\n    torch.relu_(y)\nreturn y * 2.0",
            0,
        ),
        (
            "y = torch.conv2d(x, self.w)\nz = torch.dropout(y, 0.5, False)\ntorch.relu_(z)\nreturn y * 2.0",
            0,
        ),
        ("torch.relu_(x)\nreturn torch.conv2d(x, self.w)", 0),
        (
            "l = [torch.conv2d(x, self.w)]\nl.append(torch.relu_(l[0]))\nreturn l[0] + l[1]",
            0,
        ),
    ] {
        let [mut original, mut rewritten] = modules(body);
        let counts = rewritten.rewrite_counts();
        assert!(counts.activations <= activations, "{body}");
        if activations > 0 {
            assert_eq!(
                (counts.convolutions, counts.activations),
                (1, activations),
                "{body}"
            );
        }
        let [expected, result] = [&mut original, &mut rewritten].map(|module| {
            let image = seeded(2, || {
                Tensor::f_rand([1, 3, 12, 17], (Kind::Float, tch::Device::Cpu)).unwrap()
            });
            module.forward(&mut [image.f_sub_scalar(0.5).unwrap()]).unwrap()
        });
        let difference = expected.f_sub(&result).unwrap().f_abs().unwrap().f_max().unwrap();
        assert!(difference.double_value(&[]) < 1e-5, "{body}");
    }
}
