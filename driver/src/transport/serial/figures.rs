//! What a serial link counts.

/// Counts since the port was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Bytes put on the line.
    pub bytes_sent: u64,
    /// Bytes that came.
    pub bytes_received: u64,
    /// Frames put on the line.
    pub frames_sent: u64,
    /// Whole frames that came.
    pub frames_received: u64,
    /// Frames that came damaged.
    pub damaged: u64,
    /// Whole frames that had no meaning here: answers that came too late, unknown kinds, wrong lengths.
    pub strange: u64,
    /// Questions of the host, without repeats.
    pub questions: u64,
    /// Questions that the host sent again.
    pub repeats: u64,
    /// Questions of the card that came again.
    pub card_repeats: u64,
    /// Bytes of host memory that the card read.
    pub fetched: u64,
    /// Bytes of host memory that the card wrote.
    pub stored: u64,
    /// FETCH and STORE that were refused.
    pub refused: u64,
    /// Interrupts.
    pub interrupts: u64,
}

impl Figures {
    /// All of them by name.
    pub fn entries(&self) -> [(&'static str, u64); 13] {
        [
            ("link_sent", self.bytes_sent),
            ("link_received", self.bytes_received),
            ("link_frames_out", self.frames_sent),
            ("link_frames_in", self.frames_received),
            ("link_damaged", self.damaged),
            ("link_strange", self.strange),
            ("link_questions", self.questions),
            ("link_repeats", self.repeats),
            ("link_card_again", self.card_repeats),
            ("link_fetched", self.fetched),
            ("link_stored", self.stored),
            ("link_refused", self.refused),
            ("link_interrupts", self.interrupts),
        ]
    }
}
