//! Devices of the plugins' networks.

use iopaint_torch::Device;

use crate::registry::ModelTask;

/// Devices of the plugins' networks; `None`: that of all models. ONNX networks run on the CPU nevertheless.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PluginDevices {
    /// Networks that segment objects, for selecting them and for removing the background.
    pub segment: Option<Device>,
    /// Networks that enlarge images.
    pub upscale: Option<Device>,
    /// Networks that restore faces.
    pub faces: Option<Device>,
}

impl PluginDevices {
    /// Returns the device of the networks for `task`, if it differs from that of all models.
    #[must_use]
    pub fn of_task(&self, task: ModelTask) -> Option<Device> {
        match task {
            ModelTask::Segment | ModelTask::SegmentByPrompt => self.segment,
            ModelTask::Upscale => self.upscale,
            ModelTask::RestoreFaces => self.faces,
            ModelTask::Inpaint | ModelTask::DetectText => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_apply_to_their_tasks() {
        let devices = PluginDevices {
            segment: Some(Device::Cuda(1)),
            faces: Some(Device::Cuda(2)),
            ..PluginDevices::default()
        };
        assert_eq!(devices.of_task(ModelTask::Segment), Some(Device::Cuda(1)));
        assert_eq!(devices.of_task(ModelTask::RestoreFaces), Some(Device::Cuda(2)));
        for task in [ModelTask::Upscale, ModelTask::Inpaint, ModelTask::DetectText] {
            assert_eq!(devices.of_task(task), None);
        }
    }
}
