//! One of several blocks behind the same ports: which one is a matter of construction.
//!
//! A kernel can hold a `Vec` of no or one block of each kind, but then it must name each of them wherever it
//! wires one. [`either!`](crate::either!) makes a block of a type of its own instead. Visitors are handed the block inside, so the Verilog
//! is the same as if it stood there alone; and inputs reach it, and outputs leave it, in the walk in which
//! they change, so that simulation takes no more walks.

/// Defines a block that is one of several, all of which have its ports by name and, but for their widths' types, by type.
///
/// ```ignore
/// either! {
///     /// A multiplier of a field whose elements have W bits.
///     pub struct FieldMul[const W: usize][W] as FieldMulKind {
///         Words: MontMul256, Goldilocks: GoldilocksMul;
///         in a: U<W>, b: U<W>; out r: U<W>
///     }
/// }
/// ```
///
/// Inputs that only some of the blocks have stand behind `maybe`, and in brackets behind those blocks: `Words: Engine [more], Small: Other; in ...;
/// out ...; maybe more: Bits<8>`. Whoever wires the others leaves them alone.
///
/// Each block must have a `clock`. The struct gets `of(kind)` and `kind()`, the enumeration a variant for each block,
/// boxed; the struct implements `Block` and `Ports`. Where a port of the block inside has another width, its value is
/// cut or filled with zeros: let `W` be the width of the block that is put in.
#[macro_export]
macro_rules! either {
    (@inputs $self:ident $inner:ident [$($i:ident)+]) => {
        $(if $self.$i.connected() {
            $inner.$i.connect();
        })+
    };
    (@before $self:ident $inner:ident [$($i:ident)+]) => {
        $($inner.$i.next = $crate::ports::Word::from_limbs(&$crate::ports::Word::to_limbs($self.$i.next));)+
    };
    (@behind $self:ident $inner:ident [$($o:ident)+]) => {
        $($self.$o.next = $crate::ports::Word::from_limbs(&$crate::ports::Word::to_limbs($inner.$o.val()));)+
    };
    ($(#[$m:meta])* $vis:vis struct $name:ident as $kind:ident { $($rest:tt)* }) => {
        $crate::either!($(#[$m])* $vis struct $name[][] as $kind { $($rest)* });
    };
    ($(#[$m:meta])* $vis:vis struct $name:ident[$($g:tt)*][$($u:tt)*] as $kind:ident {
        $($variant:ident: $block:ty $([$($own:ident),+])?),+ $(,)?;
        in $($i:ident: $it:ty),+ $(,)?; out $($o:ident: $ot:ty),+ $(,)? $(; maybe $($v:ident: $vt:ty),+)? $(;)?
    }) => {
        $crate::either!(@define [$(#[$m])*] [$vis] $name [$($g)*] [$($u)*] $kind [$($variant: $block [$($($own)+)?]),+]
            [$($i: $it),+] [$($o: $ot),+] [$($($v: $vt),+)?] [$($i)+] [$($o)+]);
    };
    (@define [$(#[$m:meta])*] [$vis:vis] $name:ident [$($g:tt)*] [$($u:tt)*] $kind:ident [$($variant:ident: $block:ty [$($own:ident)*]),+]
        [$($i:ident: $it:ty),+] [$($o:ident: $ot:ty),+] [$($v:ident: $vt:ty),*] $ins:tt $outs:tt) => {
        $(#[$m])*
        $vis struct $name<$($g)*> {
            pub clock: $crate::rust_hdl::prelude::Signal<$crate::rust_hdl::prelude::In, $crate::rust_hdl::prelude::Clock>,
            $(pub $i: $crate::rust_hdl::prelude::Signal<$crate::rust_hdl::prelude::In, $it>,)+
            $(pub $o: $crate::rust_hdl::prelude::Signal<$crate::rust_hdl::prelude::Out, $ot>,)+
            $(pub $v: $crate::rust_hdl::prelude::Signal<$crate::rust_hdl::prelude::In, $vt>,)*
            kind: $kind,
        }

        #[doc = concat!("What a [`", stringify!($name), "`] is.")]
        $vis enum $kind {
            $(
                #[doc = concat!("A [`", stringify!($block), "`].")]
                $variant(Box<$block>),
            )+
        }

        #[allow(dead_code)]
        impl<$($g)*> $name<$($u)*> {
            /// With this block inside.
            $vis fn of(kind: $kind) -> Self {
                Self {
                    clock: Default::default(),
                    $($i: Default::default(),)+
                    $($o: Default::default(),)+
                    $($v: Default::default(),)*
                    kind,
                }
            }

            /// The block inside.
            $vis fn kind(&self) -> &$kind {
                &self.kind
            }
        }

        impl<$($g)*> $crate::rust_hdl::prelude::Logic for $name<$($u)*> {
            fn update(&mut self) {}
            fn connect(&mut self) {
                $($crate::rust_hdl::prelude::Logic::connect(&mut self.$o);)+
            }
            fn hdl(&self) -> $crate::rust_hdl::prelude::Verilog {
                match &self.kind {
                    $($kind::$variant(inner) => $crate::rust_hdl::prelude::Logic::hdl(&**inner),)+
                }
            }
            fn timing(&self) -> Vec<$crate::rust_hdl::prelude::TimingInfo> {
                match &self.kind {
                    $($kind::$variant(inner) => $crate::rust_hdl::prelude::Logic::timing(&**inner),)+
                }
            }
        }

        impl<$($g)*> $crate::rust_hdl::prelude::Block for $name<$($u)*> {
            fn connect_all(&mut self) {
                use $crate::rust_hdl::prelude::{Atom, Block, Logic};
                self.connect();
                match &mut self.kind {
                    $($kind::$variant(inner) => {
                        // A visitor sees the inner block's ports: they count as driven where these are.
                        if self.clock.connected() {
                            inner.clock.connect();
                        }
                        $crate::either!(@inputs self inner $ins);
                        $(if self.$own.connected() {
                            inner.$own.connect();
                        })*
                        inner.connect_all();
                    })+
                }
            }
            #[inline]
            fn update_all(&mut self) {
                use $crate::rust_hdl::prelude::Block;
                match &mut self.kind {
                    $($kind::$variant(inner) => {
                        inner.clock.next = self.clock.next;
                        $crate::either!(@before self inner $ins);
                        $(inner.$own.next = self.$own.next;)*
                        inner.update_all();
                        $crate::either!(@behind self inner $outs);
                    })+
                }
                self.clock.update_all();
                $(self.$i.update_all();)+
                $(self.$o.update_all();)+
                $(self.$v.update_all();)*
            }
            #[inline]
            fn has_changed(&self) -> bool {
                self.clock.changed
                    $(|| self.$i.changed)+
                    $(|| self.$o.changed)+
                    $(|| self.$v.changed)*
                    || match &self.kind {
                        $($kind::$variant(inner) => $crate::rust_hdl::prelude::Block::has_changed(&**inner),)+
                    }
            }
            fn accept(&self, name: &str, probe: &mut dyn $crate::rust_hdl::prelude::Probe) {
                match &self.kind {
                    $($kind::$variant(inner) => $crate::rust_hdl::prelude::Block::accept(&**inner, name, probe),)+
                }
            }
        }

        $crate::ports!([$($g)*] $name<$($u)*> { in: $($i),+ $(, $v)*; out: $($o),+ });
    };
}
