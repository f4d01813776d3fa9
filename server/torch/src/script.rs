//! Source code of a network in `TorchScript`.

use std::fmt::{self, Display, Formatter, Write};

use tch::Tensor;

/// A variable of a function.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Variable(usize);

impl Display for Variable {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "v{}", self.0)
    }
}

/// A function `forward(self, ...)` and the constants that it uses.
pub(crate) struct Script {
    source: String,
    tensors: Vec<(String, Tensor)>,
    variables: usize,
}

impl Script {
    /// Creates an empty function of `arguments` tensors.
    pub fn new(arguments: usize) -> Self {
        let names: Vec<String> = (0..arguments).map(|at| format!(", v{at}")).collect();
        Self {
            source: format!("def forward(self{}):\n", names.concat()),
            tensors: Vec::new(),
            variables: arguments,
        }
    }

    /// Returns an argument of the function; `index` is below the number of arguments.
    pub fn argument(index: usize) -> Variable {
        Variable(index)
    }

    /// Adds a statement that assigns an expression to a new variable.
    pub fn assign(&mut self, expression: &str) -> Variable {
        let variable = Variable(self.variables);
        self.variables += 1;
        // Writing to a String doesn't fail.
        let _ = writeln!(self.source, "  {variable} = {expression}");
        variable
    }

    /// Adds a constant and returns the expression that reads it.
    pub fn constant(&mut self, tensor: Tensor) -> String {
        let name = format!("t{}", self.tensors.len());
        let expression = format!("self.{name}");
        self.tensors.push((name, tensor));
        expression
    }

    /// Ends the function. Returns the source code and the constants by name.
    pub fn finish(mut self, result: Variable) -> (String, Vec<(String, Tensor)>) {
        let _ = writeln!(self.source, "  return {result}");
        (self.source, self.tensors)
    }
}
