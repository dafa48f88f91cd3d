//! The figures of each epoch as CSV: fixed columns first, then one for each further figure, `train …` or `held-out …`.

use std::io::Write as _;
use std::path::Path;

use crate::extractors::{EpochFigure, EpochMetrics};
use crate::whole_file::write_whole;

const FIXED: [&str; 6] = [
    "epoch_idx",
    "network",
    "train_loss",
    "validation_loss",
    "validation_accuracy",
    "secs",
];
const TRAIN: &str = "train ";
const HELD_OUT: &str = "held-out ";

/// The epochs in the file, each once, as far as its lines can be read; a training that was resumed may tell an epoch again.
pub(super) fn read(path: &Path) -> Vec<EpochMetrics> {
    let mut reader = match csv::ReaderBuilder::new().flexible(true).from_path(path) {
        Ok(reader) => reader,
        Err(_) => return Vec::new(),
    };
    let headers = reader.headers().cloned().unwrap_or_default();
    let mut epochs: Vec<EpochMetrics> = Vec::new();
    let records = reader.records().flatten();
    for epoch in records.filter_map(|record| epoch_of(&headers, &record)) {
        epochs.retain(|known| (known.epoch_idx, &known.network) != (epoch.epoch_idx, &epoch.network));
        epochs.push(epoch);
    }
    epochs
}

/// Adds an epoch; where it has figures that no epoch before it had, the file is written anew with a column for each.
pub(super) fn append(path: &Path, epoch: &EpochMetrics) -> std::io::Result<()> {
    let headers = csv::Reader::from_path(path)
        .ok()
        .and_then(|mut reader| reader.headers().cloned().ok());
    let mut columns: Vec<String> = match &headers {
        Some(headers) => headers.iter().map(str::to_owned).collect(),
        None => FIXED.map(str::to_owned).to_vec(),
    };
    let n_known = columns.len();
    for name in epoch.figures.iter().map(column_of) {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    if headers.is_some() && columns.len() == n_known {
        let mut file = std::fs::OpenOptions::new().append(true).open(path)?;
        return file.write_all(&lines(&[row(&columns, epoch)])?);
    }
    let known = read(path);
    let mut rows = vec![columns.clone()];
    rows.extend(known.iter().chain([epoch]).map(|epoch| row(&columns, epoch)));
    let bytes = lines(&rows)?;
    write_whole(path, |file| file.write_all(&bytes))
}

fn lines(rows: &[Vec<String>]) -> std::io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn column_of(figure: &EpochFigure) -> String {
    let place = if figure.is_held_out { HELD_OUT } else { TRAIN };
    format!("{place}{}", figure.name)
}

fn row(columns: &[String], epoch: &EpochMetrics) -> Vec<String> {
    let optional = |value: Option<f64>| value.map_or_else(String::new, |value| value.to_string());
    let value = |column: &String| match column.as_str() {
        "epoch_idx" => epoch.epoch_idx.to_string(),
        "network" => epoch.network.clone(),
        "train_loss" => epoch.train_loss.to_string(),
        "validation_loss" => optional(epoch.validation_loss),
        "validation_accuracy" => optional(epoch.validation_accuracy),
        "secs" => epoch.secs.to_string(),
        _ => {
            let figure = epoch.figures.iter().find(|figure| column_of(figure) == *column);
            optional(figure.map(|figure| figure.value))
        }
    };
    columns.iter().map(value).collect()
}

fn epoch_of(headers: &csv::StringRecord, record: &csv::StringRecord) -> Option<EpochMetrics> {
    let field = |name: &str| record.get(headers.iter().position(|header| header == name)?);
    let number = |name: &str| field(name)?.parse::<f64>().ok();
    let figure = |(header, value): (&str, &str)| {
        let (is_held_out, name) = match header.strip_prefix(TRAIN) {
            Some(name) => (false, name),
            None => (true, header.strip_prefix(HELD_OUT)?),
        };
        Some(EpochFigure {
            name: name.to_owned(),
            is_held_out,
            value: value.parse().ok()?,
        })
    };
    Some(EpochMetrics {
        epoch_idx: field("epoch_idx")?.parse().ok()?,
        network: field("network")?.to_owned(),
        train_loss: number("train_loss")?,
        validation_loss: number("validation_loss"),
        validation_accuracy: number("validation_accuracy"),
        secs: number("secs")?,
        figures: headers.iter().zip(record.iter()).filter_map(figure).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch_idx: usize, figures: &[(&str, bool, f64)]) -> EpochMetrics {
        let figure = |&(name, is_held_out, value): &(&str, bool, f64)| EpochFigure {
            name: name.to_owned(),
            is_held_out,
            value,
        };
        EpochMetrics {
            epoch_idx,
            network: "fan, big".to_owned(),
            train_loss: 0.1 + epoch_idx as f64,
            validation_loss: Some(1.0 / 3.0),
            validation_accuracy: None,
            secs: 2.5,
            figures: figures.iter().map(figure).collect(),
        }
    }

    #[test]
    fn what_is_written_is_read_again_whatever_figures_come_and_go() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("metrics.csv");
        let epochs = [
            epoch(0, &[]),
            epoch(1, &[("centre loss", false, 4.0)]),
            epoch(2, &[("centre loss", false, 0.1), ("centre loss", true, 1e-9)]),
            epoch(3, &[]),
            epoch(4, &[("centre loss", true, 7.0)]),
        ];
        for epoch in &epochs {
            append(&path, epoch).expect("a writable folder");
        }
        assert_eq!(read(&path), epochs);
        let text = std::fs::read_to_string(&path).expect("a text");
        assert!(text.starts_with("epoch_idx,network,train_loss,validation_loss,validation_accuracy,secs,train centre loss"));
        // An epoch that is told again replaces what was said of it; half a line is left out.
        append(&path, &epoch(3, &[("centre loss", true, 8.0)])).expect("a writable folder");
        std::fs::write(&path, std::fs::read_to_string(&path).expect("a text") + "5,fan").expect("a writable folder");
        let read = read(&path);
        assert_eq!(read.len(), 5);
        assert_eq!(read[4].figures[0].value, 8.0);
    }

    #[test]
    fn files_from_before_there_were_further_figures_are_read() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("metrics.csv");
        assert_eq!(read(&path), []);
        let old = "epoch_idx,network,train_loss,validation_loss,validation_accuracy,secs\n0,,0.5,0.25,0.75,1.0\n1,,nan?,,,1.0\n";
        std::fs::write(&path, old).expect("a writable folder");
        let epochs = read(&path);
        assert_eq!(epochs.len(), 1);
        assert_eq!(
            (epochs[0].validation_loss, epochs[0].validation_accuracy),
            (Some(0.25), Some(0.75))
        );
        assert!(epochs[0].figures.is_empty());
    }
}
