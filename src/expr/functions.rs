/// What can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    Changed,
    Replaced,
    Count,
    Age,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
    Size,
    Timestamp,
    Duration,
    Int,
    Uint,
    Double,
    String,
    Bool,
    Type,
    Dyn,
    Year,
    Month,
    DayOfMonth,
    DayOfMonthFromOne,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

/// A function as it is offered to whoever writes an expression.
#[derive(Clone, Copy, Debug)]
pub struct FunctionHelp {
    pub function: Function,
    pub name: &'static str,
    /// How it is written.
    pub takes: &'static str,
    /// How many values it takes, the one that it is asked of included.
    pub(super) least: usize,
    pub(super) most: usize,
    /// What it does, under this name in the language files; `None` for what is not offered.
    pub about: Option<&'static str>,
}

macro_rules! functions {
    ($($function:ident $name:literal $takes:literal $least:literal..=$most:literal $about:expr;)*) => {
        pub const FUNCTIONS: &[FunctionHelp] = &[$(FunctionHelp {
            function: Function::$function,
            name: $name,
            takes: $takes,
            least: $least,
            most: $most,
            about: $about,
        }),*];
    };
}

functions! {
    Changed "changed" "changed(\"field\")" 1..=1 Some("function-changed");
    Replaced "replaced" "replaced(\"field\")" 1..=1 Some("function-replaced");
    Count "count" "count(\"type\")" 1..=1 Some("function-count");
    Age "age" "age(time)" 1..=1 Some("function-age");
    Contains "contains" "contains(text, part)" 2..=2 Some("function-contains");
    StartsWith "startsWith" "startsWith(text, part)" 2..=2 Some("function-starts-with");
    EndsWith "endsWith" "endsWith(text, part)" 2..=2 Some("function-ends-with");
    Matches "matches" "matches(text, pattern)" 2..=2 Some("function-matches");
    Size "size" "size(value)" 1..=1 Some("function-size");
    Timestamp "timestamp" "timestamp(\"2025-01-01T01:00:05Z\")" 1..=1 Some("function-timestamp");
    Duration "duration" "duration(\"36h\")" 1..=1 Some("function-duration");
    Int "int" "int(value)" 1..=1 None;
    Uint "uint" "uint(value)" 1..=1 None;
    Double "double" "double(value)" 1..=1 None;
    String "string" "string(value)" 1..=1 None;
    Bool "bool" "bool(value)" 1..=1 None;
    Type "type" "type(value)" 1..=1 None;
    Dyn "dyn" "dyn(value)" 1..=1 None;
    Year "getFullYear" "time.getFullYear()" 1..=2 None;
    Month "getMonth" "time.getMonth()" 1..=2 None;
    DayOfMonth "getDayOfMonth" "time.getDayOfMonth()" 1..=2 None;
    DayOfMonthFromOne "getDate" "time.getDate()" 1..=2 None;
    DayOfWeek "getDayOfWeek" "time.getDayOfWeek()" 1..=2 None;
    DayOfYear "getDayOfYear" "time.getDayOfYear()" 1..=2 None;
    Hours "getHours" "time.getHours()" 1..=2 None;
    Minutes "getMinutes" "time.getMinutes()" 1..=2 None;
    Seconds "getSeconds" "time.getSeconds()" 1..=2 None;
    Milliseconds "getMilliseconds" "time.getMilliseconds()" 1..=2 None;
}

impl Function {
    pub(super) fn help(self) -> Option<&'static FunctionHelp> {
        FUNCTIONS.iter().find(|known| known.function == self)
    }

    pub(super) fn name(self) -> &'static str {
        self.help().map_or("", |help| help.name)
    }
}
