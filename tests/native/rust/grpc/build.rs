// Generates Rust's side of the project's .proto files.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let protos = std::env::var("PROTOS")?;
    println!("cargo:rerun-if-changed={protos}");
    tonic_prost_build::configure().compile_protos(
        &[format!("{protos}/goatkit.proto"), format!("{protos}/goplugin.proto")],
        &[protos],
    )?;
    Ok(())
}
