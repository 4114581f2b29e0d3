//! A workbook of plain sheets (ECMA-376): a ZIP file of a few XML parts, stored as they are.

use crate::export::{Cell, Sheet};
use crate::markup::escape;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
const KIND: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml";

pub fn workbook(sheets: &[Sheet]) -> Vec<u8> {
    let numbers = || 1..=sheets.len();
    let each = |part: &dyn Fn(usize) -> String| numbers().map(part).collect::<String>();
    let mut parts = vec![
        (
            "[Content_Types].xml".to_owned(),
            format!(
                "{HEAD}<Types xmlns=\"{PACKAGE}/content-types\"><Default Extension=\"rels\" \
                 ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>\
                 <Override PartName=\"/xl/workbook.xml\" ContentType=\"{KIND}.sheet.main+xml\"/>{}</Types>",
                each(&|i| format!(
                    "<Override PartName=\"/xl/worksheets/sheet{i}.xml\" \
                     ContentType=\"{KIND}.worksheet+xml\"/>"
                )),
            ),
        ),
        (
            "_rels/.rels".to_owned(),
            format!(
                "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\"><Relationship Id=\"rId1\" \
                 Type=\"{OFFICE}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!(
                "{HEAD}<workbook xmlns=\"{MAIN}\" xmlns:r=\"{OFFICE}\"><sheets>{}</sheets></workbook>",
                each(&|i| format!(
                    "<sheet name=\"{}\" sheetId=\"{i}\" r:id=\"rId{i}\"/>",
                    escape(&title(&sheets[i - 1].name))
                )),
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!(
                "{HEAD}<Relationships xmlns=\"{PACKAGE}/relationships\">{}</Relationships>",
                each(&|i| format!(
                    "<Relationship Id=\"rId{i}\" Type=\"{OFFICE}/worksheet\" \
                     Target=\"worksheets/sheet{i}.xml\"/>"
                )),
            ),
        ),
    ];
    for (i, sheet) in sheets.iter().enumerate() {
        parts.push((format!("xl/worksheets/sheet{}.xml", i + 1), worksheet(sheet)));
    }
    zip(&parts)
}

/// Returns a sheet's name as a workbook takes it.
fn title(name: &str) -> String {
    let plain: String = name.chars().filter(|c| !"[]:*?/\\".contains(*c)).collect();
    plain.chars().take(31).collect()
}

fn worksheet(sheet: &Sheet) -> String {
    let mut rows = String::new();
    for row in &sheet.rows {
        rows += "<row>";
        for cell in row {
            rows += &match cell {
                Cell::Number(number) => format!("<c><v>{}</v></c>", number),
                Cell::Text(text) => format!(
                    "<c t=\"inlineStr\"><is><t xml:space=\"preserve\">{}</t></is></c>",
                    escape(&text.chars().filter(|c| *c >= ' ').collect::<String>())
                ),
            };
        }
        rows += "</row>";
    }
    format!("{HEAD}<worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>")
}

/// Writes a ZIP file whose entries are not compressed (APPNOTE 6.3).
fn zip(parts: &[(String, String)]) -> Vec<u8> {
    let mut out = vec![];
    let mut directory = vec![];
    for (name, content) in parts {
        let start = out.len() as u32;
        let size = content.len() as u32;
        // Version 2.0, names in UTF-8, stored, 1 January 1980.
        let mut fields = vec![20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
        fields.extend(crc(content.as_bytes()).to_le_bytes());
        fields.extend([size.to_le_bytes(), size.to_le_bytes()].concat());
        fields.extend((name.len() as u16).to_le_bytes());
        fields.extend([0, 0]);
        out.extend(b"PK\x03\x04");
        out.extend(&fields);
        out.extend(name.as_bytes());
        out.extend(content.as_bytes());
        directory.extend(b"PK\x01\x02\x14\x00");
        directory.extend(&fields);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let (start, size) = (out.len() as u32, directory.len() as u32);
    let count = (parts.len() as u16).to_le_bytes();
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([count, count].concat());
    out.extend([size.to_le_bytes(), start.to_le_bytes()].concat());
    out.extend([0, 0]);
    out
}

fn crc(data: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}
