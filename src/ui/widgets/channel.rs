//! The channels of a recording as a person chooses them, counted from 1.

use crate::audio::ChannelChoice;

/// Each channel, their mean, and the loudest of each clip.
pub fn channel_choices(n_channels: u16) -> impl Iterator<Item = ChannelChoice> {
    let each = (0..n_channels).map(ChannelChoice::Index);
    each.chain([ChannelChoice::Mean, ChannelChoice::Loudest])
}

/// `Channel 3 of 8`.
pub fn channel_title(choice: ChannelChoice, n_channels: u16) -> String {
    match choice {
        ChannelChoice::Index(index) => format!("Channel {} of {n_channels}", u32::from(index) + 1),
        ChannelChoice::Mean => "Mean of all channels".to_owned(),
        ChannelChoice::Loudest => "Loudest channel of each clip".to_owned(),
    }
}

/// `channel 3`, in the middle of a sentence.
pub fn channel_name(choice: ChannelChoice) -> String {
    match choice {
        ChannelChoice::Index(index) => format!("channel {}", u32::from(index) + 1),
        ChannelChoice::Mean => "mean of all".to_owned(),
        ChannelChoice::Loudest => "loudest of each clip".to_owned(),
    }
}
