//! What a database holds, told the same way whichever database it is.

/// Which SQL is spoken. Both read the same declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Sqlite,
    Postgres,
}

#[derive(Clone, Debug)]
pub struct Catalogue {
    pub dialect: Dialect,
    pub tables: Vec<Table>,
}

#[derive(Clone, Debug, Default)]
pub struct Table {
    /// `None` where the database has only one.
    pub schema: Option<String>,
    pub name: String,
    pub is_view: bool,
    pub columns: Vec<Column>,
    /// The primary key and every other unique key, each as a list of columns.
    pub unique_keys: Vec<Vec<String>>,
    /// Rows carry SQLite's own number, which grows as they are appended.
    pub has_rowid: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// As the database spells the type, in lower case; empty where it has none.
    pub declared: String,
    pub is_required: bool,
}

impl Catalogue {
    /// The table of that name, with or without its schema.
    pub fn table(&self, name: &str) -> Option<&Table> {
        let is_it = |table: &&Table| table.name == name || table.full_name() == name;
        let same_letters = |table: &&Table| table.name.eq_ignore_ascii_case(name);
        self.tables.iter().find(is_it).or_else(|| self.tables.iter().find(same_letters))
    }

    /// The table of that name in the schema of another.
    pub fn beside(&self, neighbour: &Table, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.schema == neighbour.schema && table.name.eq_ignore_ascii_case(name))
    }

    /// A table beside another that has these columns, whatever it is called.
    pub fn beside_with(&self, neighbour: &Table, columns: &[&str]) -> Option<&Table> {
        self.tables
            .iter()
            .find(|table| table.schema == neighbour.schema && table.name != neighbour.name && table.has(columns))
    }
}

impl Table {
    pub fn full_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The name as it stands in a statement.
    pub fn quoted(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", quote(schema), quote(&self.name)),
            None => quote(&self.name),
        }
    }

    pub fn column(&self, name: &str) -> Option<&Column> {
        let exact = self.columns.iter().find(|column| column.name == name);
        exact.or_else(|| self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)))
    }

    pub fn has(&self, columns: &[&str]) -> bool {
        columns.iter().all(|name| self.column(name).is_some())
    }

    /// Whether exactly these columns, in any order, may not repeat.
    pub fn is_unique(&self, columns: &[&str]) -> bool {
        self.unique_keys.iter().any(|key| {
            key.len() == columns.len()
                && columns.iter().all(|name| key.iter().any(|column| column.eq_ignore_ascii_case(name)))
        })
    }

    /// The column as an expression, where the table goes by `alias`. A column that is not there is NULL.
    pub fn expr(&self, alias: &str, name: &str) -> Expr {
        self.maybe(alias, name).unwrap_or_else(|| Expr::text("NULL"))
    }

    pub fn maybe(&self, alias: &str, name: &str) -> Option<Expr> {
        let column = self.column(name)?;
        Some(Expr { sql: format!("{alias}.{}", quote(&column.name)), declared: column.declared.clone() })
    }

    /// SQLite's own row number, where there is one.
    pub fn rowid(&self, alias: &str) -> Option<Expr> {
        let free = ["rowid", "_rowid_", "oid"].into_iter().find(|name| self.column(name).is_none())?;
        self.has_rowid.then(|| Expr { sql: format!("{alias}.{free}"), declared: "integer".to_owned() })
    }
}

/// A value in a statement, and what the database says of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    pub sql: String,
    pub declared: String,
}

impl Expr {
    pub fn text(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), declared: "text".to_owned() }
    }

    pub fn number(sql: impl Into<String>) -> Self {
        Self { sql: sql.into(), declared: "bigint".to_owned() }
    }

    pub fn is_number(&self) -> bool {
        // `point`, `interval`, `int4range` and `integer[]` are none.
        let is_other = ["point", "interval", "range", "["].iter().any(|part| self.declared.contains(part));
        !is_other && ["int", "serial"].iter().any(|part| self.declared.contains(part))
    }
}

/// A name between double quotes, which both databases read as a name whatever is in it.
pub fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
