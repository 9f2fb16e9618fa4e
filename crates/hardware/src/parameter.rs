//! How a section of the configuration is written down: every parameter once, with everything that
//! is known of it.

/// One parameter of the configuration, as data.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Parameter {
    /// Section of the configuration.
    pub section: &'static str,
    /// Name within the section, with its unit.
    pub name: &'static str,
    /// Typical value.
    pub default: f32,
    /// Smallest accepted value.
    pub min: f32,
    /// Largest accepted value.
    pub max: f32,
    /// When what it describes is drawn.
    pub drawn: Drawn,
    /// Where the value comes from.
    pub source: &'static str,
    /// What it is.
    pub about: &'static str,
}

impl Parameter {
    /// What is known of it, as lines of TOML comments.
    pub(crate) fn as_comment(&self) -> String {
        let Self {
            default,
            min,
            max,
            source,
            ..
        } = self;
        let about = self.about.trim();
        let drawn = self.drawn.name();
        format!("# {about}\n# Typical {default:?}, {min:?} to {max:?}, {drawn}; {source}.")
    }
}

/// When what a parameter describes is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drawn {
    /// Never: the same for all chips and trials.
    Fixed,
    /// Once per chip, from the chip's seed.
    PerChip,
    /// Anew for each vector, from the trial's key.
    PerTrial,
}

impl Drawn {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::PerChip => "per chip",
            Self::PerTrial => "per trial",
        }
    }
}

/// Defines a section: its struct with typical values as default, the check of all ranges, and the
/// list of its parameters. A line reads
/// `name: default in min to max, drawn, "source";`.
macro_rules! section {
    (
        $(#[$attribute:meta])*
        pub struct $Section:ident in $section:literal {
            $(
                $(#[doc = $about:literal])+
                $name:ident: $default:literal in $min:literal to $max:literal, $drawn:ident, $source:literal;
            )+
        }
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $Section {
            $(
                $(#[doc = $about])+
                #[doc = concat!(
                    "\n\nTypical ", stringify!($default), ", range ", stringify!($min), "…",
                    stringify!($max), ". Source: ", $source, "."
                )]
                pub $name: f32,
            )+
        }

        impl Default for $Section {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl $Section {
            /// Every parameter of the section.
            pub const PARAMETERS: &'static [$crate::Parameter] = &[
                $($crate::Parameter {
                    section: $section,
                    name: stringify!($name),
                    default: $default,
                    min: $min,
                    max: $max,
                    drawn: $crate::Drawn::$drawn,
                    source: $source,
                    about: concat!($($about),+),
                },)+
            ];

            pub(crate) fn check(&self) -> Result<(), $crate::ConfigError> {
                $($crate::error::check_range(
                    concat!($section, ".", stringify!($name)), self.$name, $min, $max,
                )?;)+
                Ok(())
            }
        }
    };
}

pub(crate) use section;
