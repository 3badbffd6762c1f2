// SPDX-License-Identifier: GPL-2.0-only
//! The pin of the map through which programs give their hints.

use anyhow::{Result, ensure};
use libbpf_rs::{MapCore, MapHandle, MapMut, OpenMapMut};
use std::{fs, os::unix::fs::MetadataExt};

/// A pin that is removed at the end if it was made here.
pub struct HintsPin {
    path: String,
    is_ours: bool,
    map_id: Option<u32>,
}

impl HintsPin {
    /// Before loading. libbpf then takes the map that is pinned there, if it has the same shape, so that programs which
    /// are bound to it stay bound; or pins a new one, with mode 0600.
    pub fn new(path: Option<&String>, maps: [&mut OpenMapMut<'_>; 2]) -> Result<Option<Self>> {
        let [map, of_tasks] = maps;
        map.set_autocreate(path.is_some())?;
        of_tasks.set_autocreate(path.is_some())?;
        let Some(path) = path.cloned() else {
            return Ok(None);
        };
        let there = fs::metadata(&path).ok();
        if let Some(file) = &there {
            ensure!(
                file.uid() == fs::metadata("/proc/self")?.uid() && file.mode() & 0o002 == 0,
                "others own or may write {path}, and could set the hints of any thread: remove it"
            );
        }
        map.set_pin_path(&path)?;
        Ok(Some(Self { path, is_ours: there.is_none(), map_id: None }))
    }

    pub fn loaded(&mut self, map: &MapMut<'_>) -> Result<()> {
        self.map_id = Some(map.info()?.info.id);
        Ok(())
    }
}

impl Drop for HintsPin {
    fn drop(&mut self) {
        // Somebody may have replaced the pin; theirs is not ours to remove.
        let there = MapHandle::from_pinned_path(&self.path).and_then(|map| map.info());
        if self.is_ours && there.is_ok_and(|map| Some(map.info.id) == self.map_id) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
