//! Devices of the plugins' networks.

use iopaint_torch::Device;

use crate::registry::{ModelContract, ModelTask};

/// Devices of the plugins' networks; `None`: that of all models. ONNX networks run on the CPU nevertheless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PluginDevices {
    /// Networks that segment objects, for selecting them and for removing the background.
    pub segment: Option<Device>,
    /// Networks that enlarge images.
    pub upscale: Option<Device>,
    /// GFP-GAN and the networks that find and parse its faces.
    pub gfpgan: Option<Device>,
    /// `RestoreFormer` and the networks that find and parse its faces.
    pub restoreformer: Option<Device>,
}

impl PluginDevices {
    /// Returns the device of the networks of `contract`, if it differs from that of all models.
    #[must_use]
    pub fn of_contract(&self, contract: ModelContract) -> Option<Device> {
        match contract.task() {
            ModelTask::Segment | ModelTask::SegmentByPrompt => self.segment,
            ModelTask::Upscale => self.upscale,
            ModelTask::RestoreFaces if contract == ModelContract::RestoreFormer => self.restoreformer,
            ModelTask::RestoreFaces => self.gfpgan,
            ModelTask::Inpaint | ModelTask::DetectText => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_apply_to_their_networks() {
        let devices = PluginDevices {
            segment: Some(Device::Cuda(1)),
            gfpgan: Some(Device::Cuda(2)),
            restoreformer: Some(Device::Cuda(3)),
            ..PluginDevices::default()
        };
        for (contract, device) in [
            (ModelContract::U2net, Some(Device::Cuda(1))),
            (ModelContract::Sam, Some(Device::Cuda(1))),
            (ModelContract::Gfpgan, Some(Device::Cuda(2))),
            (ModelContract::RestoreFormer, Some(Device::Cuda(3))),
            (ModelContract::RealEsrgan, None),
            (ModelContract::Lama, None),
            (ModelContract::DbText, None),
        ] {
            assert_eq!(devices.of_contract(contract), device, "{contract:?}");
        }
    }
}
