//! Which section of the data a command is about.

use anyhow::{Context as _, bail};

use crate::dataset::{Dataset, MachineSection};

/// The section of this name (`fan 00`); the only one where none is named.
///
/// # Errors
/// Where there is none, or more than one and none is named; the sections that there are are told.
pub(super) fn section_of(dataset: &Dataset, name: Option<&str>) -> anyhow::Result<MachineSection> {
    let mut groups = dataset.groups();
    let names: Vec<String> = groups.iter().map(ToString::to_string).collect();
    let known = names.join(", ");
    let place = match (name, names.len()) {
        (_, 0) => bail!(
            "no recording below {} can be read: see what 'auscult scan' says of them",
            dataset.root.display()
        ),
        (Some(name), _) => names
            .iter()
            .position(|known| known == name)
            .with_context(|| format!("there is no section '{name}': choose among {known}"))?,
        (None, 1) => 0,
        (None, _) => bail!("say which section is recorded with --section: {known}"),
    };
    Ok(groups.swap_remove(place))
}
