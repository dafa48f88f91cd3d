//! Small pieces that several screens are made of.

mod button;
mod channel;
mod empty_state;
mod field;
mod icon;
mod job;
mod menu;
mod save_menu;
mod text;

pub use crate::figures::date;
pub use button::{labelled_button, primary_button};
pub use channel::{channel_choices, channel_name, channel_title};
pub use empty_state::empty_state;
pub use field::{field, heading, message};
pub use icon::{Icon, icon_button, icon_toggle};
pub use job::job_row;
pub use menu::{menu_button, menu_button_that, settings_menu};
pub use save_menu::{save_figure_menu, save_table_menu};
pub use text::{clock, count, duration};
