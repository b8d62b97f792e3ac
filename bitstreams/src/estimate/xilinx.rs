//! Xilinx's families and parts, and what yosys' mapped primitives cost on them.

use super::EstimateError;
use super::yosys::{Cells, Mapped};

/// A family as `synth_xilinx` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// UltraScale+.
    Xcup,
    /// 7 series.
    Xc7,
}

impl Family {
    /// The commands of yosys that read `file` and map its module `top`. (The bucket memory asks for UltraRAM only where
    /// the macro ULTRARAM says that there is any.)
    pub fn script(self, file: &str, top: &str) -> String {
        let (macros, uram) = match self {
            Family::Xcup => (" -DULTRARAM", " -uram"),
            Family::Xc7 => ("", ""),
        };
        format!(
            "read_verilog -DSYNTHESIS{macros} -sv {file}\nhierarchy -check -top {top}\n\
             synth_xilinx -family {} -flatten -noiopad -noclkbuf{uram} -top {top}\n",
            self.name()
        )
    }

    /// What its multiplier is called.
    pub fn dsp(self) -> &'static str {
        match self {
            Family::Xcup => "DSP48E2",
            Family::Xc7 => "DSP48E1",
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Family::Xcup => "xcup",
            Family::Xc7 => "xc7",
        }
    }
}

/// A part and what it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its name.
    pub name: &'static str,
    /// The cards it is on.
    pub cards: &'static str,
    /// Its family.
    pub family: Family,
    /// What it has.
    pub has: Use,
}

/// Look-up tables, registers, multipliers, memories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Use {
    /// Six-input look-up tables, those used as shift registers and memories with them.
    pub luts: u64,
    /// Flip-flops.
    pub registers: u64,
    /// CARRY4; yosys maps to these on UltraScale+ too, where a CARRY8 is two. They come with the look-up tables of
    /// their slices, so no part's number is compared.
    pub carries: u64,
    /// DSP48E1 or DSP48E2.
    pub dsps: u64,
    /// Block RAMs of 18 Kibit (two make one RAMB36).
    pub ram18: u64,
    /// UltraRAMs.
    pub urams: u64,
}

/// The parts of the tables. Sources: Xilinx DS890 (UltraScale+ product tables) and DS180 (7 series).
pub const PARTS: [Part; 3] = [
    Part {
        name: "XCVU9P",
        cards: "`vu9p`: VCU1525, BCU1525, Alveo U200",
        family: Family::Xcup,
        has: Use { luts: 1_182_240, registers: 2_364_480, carries: 0, dsps: 6_840, ram18: 2 * 2_160, urams: 960 },
    },
    Part {
        name: "XCU55C (a VU47P)",
        cards: "`u55c`: Alveo U55C",
        family: Family::Xcup,
        has: Use { luts: 1_303_680, registers: 2_607_360, carries: 0, dsps: 9_024, ram18: 2 * 2_016, urams: 960 },
    },
    Part {
        name: "XC7A200T",
        cards: "`acorn-cle215p`: SQRL Acorn CLE-215+",
        family: Family::Xc7,
        has: Use { luts: 134_600, registers: 269_200, carries: 0, dsps: 740, ram18: 2 * 365, urams: 0 },
    },
];

impl Use {
    /// What these primitives take.
    ///
    /// # Errors
    /// [`EstimateError::Cell`] for a cell without a price: a table must not leave anything out.
    pub fn of(block: &str, cells: &Cells) -> Result<Self, EstimateError> {
        let mut used = Use::default();
        for (cell, &n) in cells {
            match cell.as_str() {
                "LUT1" | "LUT2" | "LUT3" | "LUT4" | "LUT5" | "LUT6" | "INV" | "SRL16E" | "SRLC32E" => used.luts += n,
                // Look-up tables as memory: the primitives' sizes in UG474 and UG574.
                "RAM32X1D" | "RAM64X1D" => used.luts += 2 * n,
                "RAM128X1D" | "RAM32M" | "RAM64M" => used.luts += 4 * n,
                "RAM32M16" | "RAM64M8" | "RAM256X1D" => used.luts += 8 * n,
                "RAM512X1S" => used.luts += 8 * n,
                "RAM32X16DR8" | "RAM64X8SW" => used.luts += 8 * n,
                "FDRE" | "FDSE" | "FDCE" | "FDPE" => used.registers += n,
                "DSP48E1" | "DSP48E2" => used.dsps += n,
                "RAMB18E1" | "RAMB18E2" => used.ram18 += n,
                "RAMB36E1" | "RAMB36E2" => used.ram18 += 2 * n,
                "URAM288" => used.urams += n,
                "CARRY4" => used.carries += n,
                "CARRY8" => used.carries += 2 * n,
                // The slices' wide multiplexers come with the look-up tables.
                "MUXF7" | "MUXF8" | "MUXF9" | "GND" | "VCC" => {}
                // Pins and clocks of a shell are blocks of their own.
                "IBUF" | "OBUF" | "IOBUF" | "IBUFDS" | "OBUFDS" | "IOBUFDS" | "IBUFDS_GTE2" | "IDELAYE2"
                | "IDELAYCTRL" | "ISERDESE2" | "OSERDESE2" | "BUFG" | "BUFGCTRL" | "PLLE2_ADV" | "MMCME2_ADV" => {}
                other => return Err(EstimateError::Cell { block: block.into(), cell: other.into() }),
            }
        }
        Ok(used)
    }

    /// Of a module without the pieces that stand in it.
    ///
    /// # Errors
    /// As [`Use::of`].
    pub fn own(mapped: &Mapped, module: &str) -> Result<Self, EstimateError> {
        let cells = mapped.modules.get(module).cloned().unwrap_or_default();
        Self::of(module, &cells.into_iter().filter(|(cell, _)| !mapped.modules.contains_key(cell)).collect())
    }

    /// Of a module and all in it.
    ///
    /// # Errors
    /// As [`Use::of`].
    pub fn of_module(mapped: &Mapped, module: &str) -> Result<Self, EstimateError> {
        Self::of(module, &mapped.inclusive(module))
    }

    /// This many of it.
    pub fn times(self, n: u64) -> Self {
        Use {
            luts: self.luts * n,
            registers: self.registers * n,
            carries: self.carries * n,
            dsps: self.dsps * n,
            ram18: self.ram18 * n,
            urams: self.urams * n,
        }
    }

    /// Both together.
    pub fn plus(self, other: Self) -> Self {
        Use {
            luts: self.luts + other.luts,
            registers: self.registers + other.registers,
            carries: self.carries + other.carries,
            dsps: self.dsps + other.dsps,
            ram18: self.ram18 + other.ram18,
            urams: self.urams + other.urams,
        }
    }

    /// What of a part is asked for beyond all it has, in words; empty if all is there.
    pub fn lacking(self, part: &Part) -> String {
        let kinds = [
            ("LUT", self.luts, part.has.luts),
            ("FF", self.registers, part.has.registers),
            ("DSP", self.dsps, part.has.dsps),
            ("BRAM36", self.ram18.div_ceil(2), part.has.ram18 / 2),
            ("URAM", self.urams, part.has.urams),
        ];
        let over = kinds.iter().filter(|(_, used, has)| used > has);
        over.map(|(kind, used, has)| format!("{kind} {used} of {has}")).collect::<Vec<_>>().join(", ")
    }

    /// What is left when so much of it is taken away.
    pub fn minus(self, other: Self) -> Self {
        Use {
            luts: self.luts.saturating_sub(other.luts),
            registers: self.registers.saturating_sub(other.registers),
            carries: self.carries.saturating_sub(other.carries),
            dsps: self.dsps.saturating_sub(other.dsps),
            ram18: self.ram18.saturating_sub(other.ram18),
            urams: self.urams.saturating_sub(other.urams),
        }
    }

    /// The cells of a table's row: LUT, FF, CARRY4, DSP, BRAM36, URAM.
    pub fn cells(self) -> String {
        let ram =
            if self.ram18.is_multiple_of(2) { format!("{}", self.ram18 / 2) } else { format!("{}.5", self.ram18 / 2) };
        format!(
            "{} | {} | {} | {} | {ram} | {}",
            thousands(self.luts),
            thousands(self.registers),
            thousands(self.carries),
            thousands(self.dsps),
            self.urams
        )
    }

    /// Parts of a hundred of a part: LUT, FF, DSP, BRAM, URAM.
    pub fn percent(self, part: &Part) -> String {
        let share = |used: u64, has: u64| match (used, has) {
            (0, _) => "0".to_string(),
            (_, 0) => "none there".to_string(),
            _ => format!("{:.0} %", 100.0 * used as f64 / has as f64),
        };
        [
            share(self.luts, part.has.luts),
            share(self.registers, part.has.registers),
            share(self.dsps, part.has.dsps),
            share(self.ram18, part.has.ram18),
            share(self.urams, part.has.urams),
        ]
        .join(" | ")
    }
}

/// A number with commas.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, d) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(d);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn primitives_have_prices() {
        let cells = Cells::from(
            [
                ("LUT6", 10),
                ("SRL16E", 2),
                ("RAM64M8", 1),
                ("FDRE", 7),
                ("DSP48E2", 3),
                ("RAMB36E2", 2),
                ("RAMB18E2", 1),
                ("CARRY4", 3),
                ("CARRY8", 2),
            ]
            .map(|(c, n)| (c.to_string(), n)),
        );
        let used = Use::of("x", &cells).expect("known cells");
        assert_eq!(used, Use { luts: 20, registers: 7, carries: 7, dsps: 3, ram18: 5, urams: 0 });
        assert_eq!(used.cells(), "20 | 7 | 7 | 3 | 2.5 | 0");
    }

    #[test]
    fn an_unknown_cell_is_not_left_out() {
        let cells = Cells::from([("MYSTERY".to_string(), 1)]);
        assert!(matches!(Use::of("x", &cells), Err(EstimateError::Cell { cell, .. }) if cell == "MYSTERY"));
    }

    #[test]
    fn what_is_lacking_is_named() {
        let part = &PARTS[2];
        assert_eq!(Use { dsps: 740, ..Use::default() }.lacking(part), "");
        assert_eq!(Use { dsps: 741, urams: 1, ..Use::default() }.lacking(part), "DSP 741 of 740, URAM 1 of 0");
        assert_eq!(thousands(1_182_240), "1,182,240");
        assert_eq!(thousands(999), "999");
    }
}
