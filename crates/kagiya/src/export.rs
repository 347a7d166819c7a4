//! Copies of the status page on another host: by `kagiya status export DIR`, and kept fresh by the server.

use std::{path::Path, sync::Arc, time::Duration};

use futures_util::FutureExt;
use kagiya_flows::jobs::runner;
use kagiya_web::{Exported, Web};
use rusty_s3::S3Action;

use crate::{Failure, config::Config, open, output::say, status::Remote};

/// How often the server looks whether its copies are old.
const EVERY: Duration = Duration::from_secs(15);
/// A signed address works for so long.
const SIGNED_FOR: Duration = Duration::from_secs(60);

/// `kagiya status export DIR`.
pub(crate) async fn run(config: &Config, folder: &Path) -> Result<(), Failure> {
    let app = open::beside(config).await?;
    kagiya_flows::status::notices::refresh(&app).await?;
    let web = Web::new(app, Vec::new(), Vec::new(), None);
    let files = kagiya_web::export(&web).await;
    write(folder, &files).map_err(|error| Failure::Failed(format!("{}: {error}", folder.display())))?;
    say(&format!("{} files in {}", files.len(), folder.display()));
    Ok(())
}

/// Each file whole or not at all: a web server may be reading it.
fn write(folder: &Path, files: &[Exported]) -> std::io::Result<()> {
    for file in files {
        let path = folder.join(file.path);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let fresh = path.with_extension("new");
        std::fs::write(&fresh, &file.bytes)?;
        std::fs::rename(&fresh, &path)?;
    }
    Ok(())
}

async fn put(web: &Web, remote: &Remote, files: &[Exported]) -> Result<(), String> {
    for file in files {
        let object = format!("{}{}", remote.prefix, file.path);
        let action = remote.bucket.put_object(Some(&remote.credentials), &object);
        let url = action.sign(SIGNED_FOR);
        let headers = [("content-type", file.kind.to_owned()), ("cache-control", "max-age=15".to_owned())];
        match web.app.own_hosts.send("PUT", &url, &headers, file.bytes.clone()).await? {
            200..=299 => {}
            status => return Err(format!("{object}: the store answered {status}")),
        }
    }
    Ok(())
}

/// Keeps copies fresh while the server runs, also while its database does not answer.
pub(crate) fn start(config: &Config, web: &Arc<Web>) -> Result<(), Failure> {
    let (folder, remote) = (config.export_folder(), config.export_bucket()?);
    if folder.is_none() && remote.is_none() {
        return Ok(());
    }
    let (kept, copies) = (Arc::clone(web), Arc::new((folder, remote)));
    runner::spawn(&web.app, "export", move |app| {
        let (web, copies) = (Arc::clone(&kept), Arc::clone(&copies));
        async move {
            let mut failing = false;
            loop {
                let files = kagiya_web::export(&web).await;
                let done = match &*copies {
                    (Some(folder), _) => write(folder, &files).map_err(|error| error.to_string()),
                    (None, Some(remote)) => put(&web, remote, &files).await,
                    (None, None) => Ok(()),
                };
                match done {
                    Ok(()) => failing = false,
                    Err(error) if !failing => {
                        failing = true;
                        tracing::error!(error, "the copies of the status page could not be written; it goes on trying");
                    }
                    Err(_) => {}
                }
                if !app.jobs.pause(EVERY).await {
                    return;
                }
            }
        }
        .boxed()
    });
    Ok(())
}
