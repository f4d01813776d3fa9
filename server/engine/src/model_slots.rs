//! The loaded models: least-recently-used eviction and unloading after idle time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::loaded_model::{LoadedModel, ModelHandle};
use crate::registry::{ModelSpec, ModelTask};

/// The loaded models.
#[derive(Default)]
pub(crate) struct ModelSlots {
    slots: Vec<ModelSlot>,
    /// [`iopaint_inpaint::Inpainter::max_hole_depth_px`] of each model that has been loaded, by name; kept
    /// when it is unloaded.
    max_hole_depths_px: BTreeMap<String, f32>,
    /// Logical clock of [`ModelSlot::last_use`]; `Instant`s may be equal.
    uses: u64,
}

/// Identifies a slot; a model that is loaded again gets another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SlotId(u64);

/// A loaded model.
pub(crate) struct ModelSlot {
    pub spec: ModelSpec,
    id: SlotId,
    /// Handles of the model that don't run.
    idle: Vec<ModelHandle>,
    /// Number of handles that run on a model thread.
    lent: usize,
    /// Indices of the devices with a copy of the weights.
    devices: BTreeSet<usize>,
    last_use: u64,
    last_used_at: Instant,
}

impl ModelSlots {
    /// Returns true if the model is loaded.
    pub fn contains(&self, name: &str) -> bool {
        self.slots.iter().any(|slot| slot.spec.name == name)
    }

    /// Returns true if a handle of the model is idle that the device's model threads may run.
    pub fn has_idle(&self, name: &str, device: usize) -> bool {
        let mut own = self.slots.iter().filter(|slot| slot.spec.name == name);
        own.any(|slot| slot.idle.iter().any(|handle| handle.runs_on(device)))
    }

    /// Takes an idle handle of a model for a run on a model thread of the device. Also returns the model's
    /// own limit on forward passes, in pixels.
    pub fn lend(&mut self, name: &str, device: usize) -> Option<(SlotId, ModelHandle, Option<u64>)> {
        let slot = self.touch(name)?;
        let index = slot.idle.iter().rposition(|handle| handle.runs_on(device))?;
        let handle = slot.idle.swap_remove(index);
        slot.lent += 1;
        Some((slot.id, handle, slot.spec.max_forward_pixels))
    }

    /// Puts a handle back after a run. Returns it if its slot was removed meanwhile.
    pub fn put_back(&mut self, id: SlotId, handle: ModelHandle) -> Option<ModelHandle> {
        let Some(slot) = self.slots.iter_mut().find(|slot| slot.id == id) else {
            return Some(handle);
        };
        slot.lent -= 1;
        slot.idle.push(handle);
        // The model was in use until now.
        self.uses += 1;
        slot.last_use = self.uses;
        slot.last_used_at = Instant::now();
        None
    }

    /// Removes the slot whose handle was lost with the thread that ran it. Its other handles are dropped
    /// after their runs.
    pub fn remove_lost(&mut self, id: SlotId) {
        self.slots.retain(|slot| slot.id != id);
    }

    /// Returns the names of the loaded models.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.slots.iter().map(|slot| slot.spec.name.as_str())
    }

    /// Returns the names of the models with a copy of their weights on the device.
    pub fn names_on(&self, device: usize) -> impl Iterator<Item = &str> {
        let slots = self
            .slots
            .iter()
            .filter(move |slot| slot.devices.contains(&device));
        slots.map(|slot| slot.spec.name.as_str())
    }

    /// Returns [`iopaint_inpaint::Inpainter::max_hole_depth_px`] of a model that has been loaded.
    pub fn max_hole_depth_px(&self, name: &str) -> Option<f32> {
        self.max_hole_depths_px.get(name).copied()
    }

    /// Marks a model as used now and returns its slot.
    pub fn touch(&mut self, name: &str) -> Option<&mut ModelSlot> {
        self.uses += 1;
        let slot = self.slots.iter_mut().find(|slot| slot.spec.name == name)?;
        slot.last_use = self.uses;
        slot.last_used_at = Instant::now();
        Some(slot)
    }

    /// Adds the model with these handles as the most recently used one.
    pub fn insert(&mut self, spec: ModelSpec, handles: Vec<ModelHandle>) {
        self.uses += 1;
        if let Some(LoadedModel::Inpainter(model)) = handles.first().map(|handle| &handle.model) {
            let depth = model.max_hole_depth_px();
            self.max_hole_depths_px.insert(spec.name.clone(), depth);
        }
        self.slots.push(ModelSlot {
            spec,
            id: SlotId(self.uses),
            devices: handles.iter().filter_map(|handle| handle.device).collect(),
            idle: handles,
            lent: 0,
            last_use: self.uses,
            last_used_at: Instant::now(),
        });
    }

    /// Returns the name of the most recently used model that fills holes.
    pub fn most_recent_inpainter(&self) -> Option<&str> {
        let inpainters = self
            .slots
            .iter()
            .filter(|slot| slot.spec.task() == ModelTask::Inpaint);
        let newest = inpainters.max_by_key(|slot| slot.last_use);
        newest.map(|slot| slot.spec.name.as_str())
    }

    /// Removes least recently used models, except those for which `pinned` returns true, until at most
    /// `max_models` are left. If a removed model is running, the worker drops it after the run, as it finds
    /// no slot for it.
    pub fn evict(&mut self, max_models: usize, pinned: impl Fn(&str) -> bool) -> Vec<ModelSlot> {
        let mut evicted = Vec::new();
        while self.slots.len() > max_models {
            let oldest = self
                .slots
                .iter()
                .enumerate()
                .filter(|(_, slot)| !pinned(&slot.spec.name))
                .min_by_key(|(_, slot)| slot.last_use)
                .map(|(index, _)| index);
            let Some(oldest) = oldest else { break };
            evicted.push(self.slots.swap_remove(oldest));
        }
        evicted
    }

    /// Removes the models that were not used for `idle`, except running ones and `pinned`. Also returns the
    /// time at which the next model becomes idle.
    pub fn remove_idle(
        &mut self,
        now: Instant,
        idle: Duration,
        pinned: Option<&str>,
    ) -> (Vec<ModelSlot>, Option<Instant>) {
        let (mut removed, mut next) = (Vec::new(), None);
        for slot in std::mem::take(&mut self.slots) {
            let stays = slot.lent > 0 || pinned == Some(slot.spec.name.as_str());
            let idle_at = slot.last_used_at.checked_add(idle);
            if stays || idle_at.is_none_or(|idle_at| now < idle_at) {
                if let Some(idle_at) = idle_at.filter(|_| !stays) {
                    next = Some(next.map_or(idle_at, |next: Instant| next.min(idle_at)));
                }
                self.slots.push(slot);
            } else {
                removed.push(slot);
            }
        }
        (removed, next)
    }
}
