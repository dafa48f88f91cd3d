//! What the tables beside DCASE recordings say of them: attributes, labels and domains of nameless evaluation clips.
//!
//! * `attributes_NN.csv`: `file_name,d1p,d1v[,d2p,d2v…][,file_name_with_…]`, the file name with or without folders and `.wav`.
//! * `ground_truth_<machine>_{section,id}_NN….csv`: `file,value`; the value is 0 or 1 (an anomaly, or below a folder whose
//!   name speaks of domains the target domain) or the clip's labelled name.
//! * `eval_data_list_….csv`: a line with the machine alone, then `file,labelled name` lines.
//! * `attributes_NN_{train,test}_correspondence.csv`: `source_file_name,target_file_name`, the name with attributes beside that of
//!   the published clip, which hides them as `noAttribute` (2024 and 2025).

use std::collections::HashMap;

use csv::StringRecord;

use super::names::{machine_id, section_name};
use super::places::machine_of;
use super::{is_number, stem};
use crate::dataset::walk::Tree;
use crate::dataset::{Attribute, Domain, Label};

/// A table beyond this size is no table of clips.
const MAX_TABLE_BYTES: u64 = 64 << 20;

/// What is known of one clip.
#[derive(Debug, Clone, Default)]
struct Known {
    label: Option<Label>,
    domain: Option<Domain>,
    attributes: Vec<Attribute>,
}

/// The same, borrowed, with the unknown spelled out.
pub(super) struct KnownOf<'a> {
    pub(super) label: Label,
    pub(super) domain: Option<Domain>,
    pub(super) attributes: &'a [Attribute],
}

/// All tables of a tree, by machine and by [`key`].
#[derive(Debug, Default)]
pub(super) struct Truth {
    clips: HashMap<String, HashMap<String, Known>>,
}

impl Truth {
    /// Reads every table; one that cannot be read is noted and left out.
    pub(super) fn read(tree: &Tree, notes: &mut Vec<String>) -> Self {
        let mut truth = Self::default();
        for path in &tree.tables {
            let name = stem(path);
            let outcome = if name.starts_with("attributes_") && name.ends_with("_correspondence") {
                records(tree, path).map(|lines| truth.add_correspondence(machine_of(tree, path), &lines))
            } else if name.starts_with("attributes_") {
                records(tree, path).map(|lines| truth.add_attributes(machine_of(tree, path), &lines))
            } else if let Some(machine) = machine_of_ground_truth(name) {
                records(tree, path).map(|lines| truth.add_ground_truth(machine, path.contains("domain"), &lines))
            } else if name.starts_with("eval_data_list") {
                records(tree, path).map(|lines| truth.add_data_list(&lines))
            } else {
                Ok(())
            };
            if let Err(reason) = outcome {
                notes.push(format!("{path} is left out: {reason}"));
            }
        }
        truth
    }

    pub(super) fn of(&self, machine: &str, stem: &str) -> KnownOf<'_> {
        let known = self.clips.get(machine).and_then(|clips| clips.get(&key(stem)));
        KnownOf {
            label: known.and_then(|known| known.label).unwrap_or(Label::Unknown),
            domain: known.and_then(|known| known.domain),
            attributes: known.map_or(&[], |known| &known.attributes),
        }
    }

    fn entry(&mut self, machine: &str, file: &str) -> &mut Known {
        self.clips
            .entry(machine.to_owned())
            .or_default()
            .entry(key(stem_of_cell(file)))
            .or_default()
    }

    fn add_attributes(&mut self, machine_of_table: &str, lines: &[StringRecord]) {
        let Some((header, lines)) = lines.split_first() else { return };
        let pairs: Vec<usize> = (1..header.len().saturating_sub(1))
            .filter(|i| is_attribute_name(&header[*i]))
            .collect();
        let labelled = header.iter().position(|column| column.starts_with("file_name_with"));
        for line in lines {
            let Some(file) = line.get(0).filter(|file| !file.is_empty()) else {
                continue;
            };
            let machine = file.split_once('/').map_or(machine_of_table, |(machine, _)| machine);
            let known = self.entry(machine, file);
            let cells = pairs.iter().filter_map(|i| Some((line.get(*i)?, line.get(i + 1)?)));
            let attributes = cells.filter(|(name, _)| !name.is_empty() && *name != "noAttribute");
            known.attributes.extend(attributes.map(|(name, value)| Attribute {
                name: name.to_owned(),
                value: value.to_owned(),
            }));
            // Rows of valve 05 of 2022 lack an attribute that the header names: the labelled name is the last cell all the same.
            if let Some(name) = labelled.and_then(|column| line.get(column.min(line.len().saturating_sub(1)))) {
                known.learn_from_name(name);
            }
        }
    }

    fn add_correspondence(&mut self, machine: &str, lines: &[StringRecord]) {
        for line in lines {
            if let (Some(with_attributes), Some(published)) = (line.get(0), line.get(1)) {
                self.entry(machine, published).learn_from_name(with_attributes);
            }
        }
    }

    fn add_ground_truth(&mut self, machine: &str, is_of_domains: bool, lines: &[StringRecord]) {
        for line in lines {
            let (Some(file), Some(value)) = (line.get(0), line.get(1)) else {
                continue;
            };
            let known = self.entry(machine, file);
            match value.trim() {
                "0" if is_of_domains => known.domain = Some(Domain::Source),
                "1" if is_of_domains => known.domain = Some(Domain::Target),
                "0" => known.label = Some(Label::Normal),
                "1" => known.label = Some(Label::Anomalous),
                name => known.learn_from_name(name),
            }
        }
    }

    fn add_data_list(&mut self, lines: &[StringRecord]) {
        let mut machine = String::new();
        for line in lines {
            match (line.get(0), line.get(1).filter(|name| !name.is_empty())) {
                (Some(file), Some(name)) => self.entry(&machine, file).learn_from_name(name),
                (Some(name), None) => name.clone_into(&mut machine),
                (None, _) => {}
            }
        }
    }
}

impl Known {
    fn learn_from_name(&mut self, name: &str) {
        let name = stem_of_cell(name);
        if let Some(parsed) = section_name(name) {
            self.domain = self.domain.or(parsed.domain);
            self.label = self.label.or(Some(parsed.label).filter(|label| *label != Label::Unknown));
            if self.attributes.is_empty() {
                self.attributes = parsed.attributes;
            }
        } else if let Some((_, label)) = machine_id(name) {
            self.label = self.label.or(Some(label));
        }
    }
}

/// One spelling of a clip's name: the README of 2022 writes `section_03_test_0000`, its truth and its recordings `section_03_0000`.
fn key(stem: &str) -> String {
    stem.replacen("_test", "", 1)
}

/// A cell's file name without folders and `.wav`. Other dots belong to the name: `…_volt_1.5` often comes without an extension.
fn stem_of_cell(cell: &str) -> &str {
    let name = cell.trim().rsplit('/').next().unwrap_or(cell);
    name.strip_suffix(".wav").unwrap_or(name)
}

/// `d1p`, `d2p`, …: the column of an attribute's name, left of the column of its value.
fn is_attribute_name(column: &str) -> bool {
    column
        .strip_prefix('d')
        .and_then(|rest| rest.strip_suffix('p'))
        .is_some_and(is_number)
}

fn machine_of_ground_truth(stem: &str) -> Option<&str> {
    let rest = stem.strip_prefix("ground_truth_")?;
    let end = rest.find("_section_").or_else(|| rest.find("_id_"))?;
    Some(&rest[..end])
}

/// All lines of a comma-separated table, whatever their number of fields; the first one too.
fn records(tree: &Tree, path: &str) -> Result<Vec<StringRecord>, String> {
    let file = std::fs::File::open(tree.root.join(path)).map_err(|error| error.to_string())?;
    let n_bytes = file.metadata().map_err(|error| error.to_string())?.len();
    if n_bytes > MAX_TABLE_BYTES {
        return Err(format!("{n_bytes} bytes are too many for a table of clips"));
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(std::io::BufReader::new(file));
    reader
        .records()
        .map(|record| record.map_err(|error| error.to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::{StringRecord, Truth, machine_of_ground_truth, stem_of_cell};
    use crate::dataset::{Domain, Label};

    fn lines(text: &str) -> Vec<StringRecord> {
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(std::io::Cursor::new(text.to_owned()));
        reader.into_records().filter_map(Result::ok).collect()
    }

    #[test]
    fn attributes_tables_with_and_without_folders_and_extensions() {
        let mut truth = Truth::default();
        truth.add_attributes(
            "fan",
            &lines("file_name,d1p,d1v,d2p,d2v\nfan/train/a_volt_1.5.wav,volt,1.5,wt,30\nb_volt_1.5,volt,1.5,,\n"),
        );
        assert_eq!(truth.of("fan", "a_volt_1.5").attributes.len(), 2);
        assert_eq!(truth.of("fan", "b_volt_1.5").attributes[0].value, "1.5");
        assert!(truth.of("pump", "a_volt_1.5").attributes.is_empty());
    }

    #[test]
    fn the_truth_of_2022_comes_from_three_tables() {
        let mut truth = Truth::default();
        truth.add_ground_truth("fan", false, &lines("section_03_0000.wav,1\nsection_03_0001.wav,0\n"));
        truth.add_ground_truth("fan", true, &lines("section_03_0000.wav,1\nsection_03_0001.wav,0\n"));
        let header = "file_name,d1p,d1v,file_name_with_full_attributes\n";
        let row = "fan/test/section_03_0002.wav,m-n,X,fan/test/section_03_source_test_anomaly_0000_m-n_X.wav\n";
        truth.add_attributes("fan", &lines(&format!("{header}{row}")));
        let known = truth.of("fan", "section_03_0000");
        assert_eq!((known.label, known.domain), (Label::Anomalous, Some(Domain::Target)));
        let known = truth.of("fan", "section_03_0001");
        assert_eq!((known.label, known.domain), (Label::Normal, Some(Domain::Source)));
        let known = truth.of("fan", "section_03_0002");
        assert_eq!(
            (known.label, known.domain, known.attributes.len()),
            (Label::Anomalous, Some(Domain::Source), 1)
        );
    }

    #[test]
    fn data_lists_name_the_machine_once() {
        let mut truth = Truth::default();
        truth.add_data_list(&lines("fan\nsection_00_0000.wav,section_00_target_test_normal_0003_m-n_X.wav\npump\nid_01_00000000.wav,anomaly_id_01_00000000.wav,1\n"));
        assert_eq!(truth.of("fan", "section_00_0000").domain, Some(Domain::Target));
        assert_eq!(truth.of("pump", "id_01_00000000").label, Label::Anomalous);
    }

    #[test]
    fn correspondence_tables_give_hidden_attributes_back() {
        let mut truth = Truth::default();
        let row = "section_00_source_test_normal_0036_car_D1_spd_7.wav,section_00_source_test_normal_0036_noAttribute.wav";
        truth.add_correspondence("ToyTrain", &lines(&format!("source_file_name,target_file_name\n{row}\n")));
        let known = truth.of("ToyTrain", "section_00_source_test_normal_0036_noAttribute");
        assert_eq!((known.label, known.attributes.len()), (Label::Normal, 2));
    }

    #[test]
    fn ground_truth_names() {
        assert_eq!(machine_of_ground_truth("ground_truth_ToyCar_section_03_test"), Some("ToyCar"));
        assert_eq!(machine_of_ground_truth("ground_truth_fan_id_01"), Some("fan"));
        assert_eq!(machine_of_ground_truth("ground_truth"), None);
    }

    proptest! {
        #[test]
        fn no_table_panics(text in any::<String>(), table in "(file_name|d[0-9]{0,2}p|d1v|\\PC{0,5}|,|\n|\"){0,30}") {
            for text in [&text, &table] {
                let mut truth = Truth::default();
                truth.add_attributes("fan", &lines(text));
                truth.add_ground_truth("fan", false, &lines(text));
                truth.add_data_list(&lines(text));
                truth.add_correspondence("fan", &lines(text));
                let _ = (machine_of_ground_truth(text), stem_of_cell(text), truth.of("fan", text).label);
            }
        }
    }
}
