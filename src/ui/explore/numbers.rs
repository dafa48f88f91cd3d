//! Figures of designs as a person reads them.

use crate::app::DesignQuantity;
use crate::ui::widgets::count;

/// A value with as many digits as it is worth, without its unit.
pub(super) fn plain(quantity: DesignQuantity, value: f64) -> String {
    match quantity {
        DesignQuantity::Parameters => count(value.round() as usize),
        DesignQuantity::Auc | DesignQuantity::Pauc => format!("{value:.3}"),
        DesignQuantity::NetScore => format!("{value:.1}"),
        _ => three_digits(value),
    }
}

/// The same, a dash where it is not known.
pub(super) fn cell(quantity: DesignQuantity, value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| plain(quantity, value))
}

/// Three significant digits, whole numbers whole.
pub(super) fn three_digits(value: f64) -> String {
    let decimals = match value.abs() {
        large if large >= 100.0 => 0,
        middle if middle >= 10.0 => 1,
        one if one >= 1.0 => 2,
        tenth if tenth >= 0.1 || tenth == 0.0 => 3,
        _ => 4,
    };
    if decimals == 0 {
        return count(value.abs().round() as usize);
    }
    format!("{value:.decimals$}")
}

/// `686`, `21.8 k`, `4.13 M`: for plots and small places.
pub(super) fn short(value: f64) -> String {
    let (scaled, unit) = match value.abs() {
        large if large >= 1e6 => (value / 1e6, " M"),
        middle if middle >= 1e4 => (value / 1e3, " k"),
        _ => (value, ""),
    };
    let text = three_digits(scaled);
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    };
    format!("{text}{unit}")
}

#[cfg(test)]
mod tests {
    use super::{short, three_digits};

    #[test]
    fn numbers_have_as_many_digits_as_they_are_worth() {
        assert_eq!(three_digits(0.0412), "0.0412");
        assert_eq!(three_digits(2.6796), "2.68");
        assert_eq!(three_digits(21.781), "21.8");
        assert_eq!(three_digits(273.4), "273");
        assert_eq!(
            [686.0, 21_781.0, 4_130_729.0, 20.0, 0.5].map(short),
            ["686", "21.8 k", "4.13 M", "20", "0.5"]
        );
    }
}
