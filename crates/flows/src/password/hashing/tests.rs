//! The hashing threads, tried with small parameters.

use super::*;

const SMALL: Argon2Parameters = Argon2Parameters { memory_kib: 64, passes: 1, lanes: 1 };

#[tokio::test]
async fn checks_hashes_and_notices_old_parameters() {
    let old = HashPool::start(1, SMALL);
    let new = HashPool::start(1, Argon2Parameters { passes: 2, ..SMALL });
    let password = Password::typed("correct horse").unwrap();
    let phc = old.hash(password.clone(), [7; 16], Lane::Known).await.unwrap().unwrap();
    assert!(phc.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{phc}");
    let check = new.verify(Some(phc.clone()), password, Lane::Known).await.unwrap().unwrap();
    assert_eq!(check, Check { fits: true, outdated: true });
    let wrong = Password::typed("correct house").unwrap();
    assert!(!old.verify(Some(phc), wrong.clone(), Lane::Known).await.unwrap().unwrap().fits);
    assert!(!old.verify(None, wrong, Lane::Known).await.unwrap().unwrap().fits);
    old.stop();
    new.stop();
}

#[tokio::test]
async fn answers_wait_for_each_other_only_while_many_stand_in_the_queue() {
    let pool = HashPool::start(0, SMALL);
    let check = Check { fits: true, outdated: false };
    let give = || {
        let (answer, answered) = oneshot::channel();
        pool.shared.give(Some((answer, check)));
        answered
    };
    let stand = |count| {
        let mut queues = pool.shared.queues.lock().unwrap();
        queues.lanes[0].clear();
        for _ in 0..count {
            let password = Password::typed("correct horse").unwrap();
            queues.lanes[0].push_back(Job::Verify { phc: None, password, answer: oneshot::channel().0 });
        }
    };
    for waiting in 0..4 {
        stand(waiting);
        assert_eq!(give().try_recv(), Ok(check), "{waiting} wait");
    }
    for (waiting, together) in [(4, 2), (10, 5), (400, TOGETHER)] {
        stand(waiting);
        let mut kept: Vec<_> = (1..together).map(|_| give()).collect();
        assert!(kept.iter_mut().all(|answered| answered.try_recv().is_err()), "{waiting} wait");
        let last = give();
        assert!(kept.into_iter().chain([last]).all(|mut answered| answered.try_recv() == Ok(check)));
    }
    let (mut left, mut others) = (give(), give());
    assert!(left.try_recv().is_err());
    // The last jobs went to other threads: whoever comes last gives what is kept.
    stand(0);
    assert_eq!((give().try_recv(), left.try_recv(), others.try_recv()), (Ok(check), Ok(check), Ok(check)));
    // A thread that made something else gives what is kept: nobody's sign-in waits for others that may not come.
    stand(400);
    let mut left = give();
    assert!(left.try_recv().is_err());
    pool.shared.give(None);
    assert_eq!(left.try_recv(), Ok(check));
    let mut left = give();
    pool.stop();
    pool.shared.give(None);
    assert_eq!(left.try_recv(), Ok(check), "none is forgotten when the threads go");
}

#[tokio::test]
async fn many_at_once_are_all_answered() {
    let pool = HashPool::start(4, SMALL);
    for round in 0..200 {
        let waiting: Vec<_> = (0..1 + round % 40)
            .map(|_| {
                let (pool, password) = (pool.clone(), Password::typed("correct horse").unwrap());
                tokio::spawn(async move { pool.verify(None, password, Lane::Known).await })
            })
            .collect();
        for answer in waiting {
            let answer = tokio::time::timeout(Duration::from_secs(10), answer).await;
            assert!(answer.expect("an answer").unwrap().unwrap().is_ok());
        }
    }
    pool.stop();
}

#[tokio::test]
async fn a_place_is_kept_for_whoever_holds_it() {
    let pool = HashPool::start(1, SMALL);
    let room = pool.room(Lane::New);
    let mut places: Vec<_> = (0..room).map(|_| pool.place(Lane::New).unwrap()).collect();
    assert!(pool.place(Lane::New).is_none() && !pool.has_room(Lane::New));
    assert!(pool.place(Lane::Known).is_some(), "others have their own");
    places.pop();
    assert!(pool.place(Lane::New).is_some(), "what is not used is given back");
}

#[tokio::test]
async fn a_full_queue_says_so_at_once() {
    let pool = HashPool::start(1, SMALL);
    pool.stop();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let password = Password::typed("correct horse").unwrap();
    // Nobody works any more, so every job stays in the queue.
    for _ in 0..QUEUE_PER_THREAD {
        let (pool, password) = (pool.clone(), password.clone());
        tokio::spawn(async move { pool.verify(None, password, Lane::Known).await });
    }
    tokio::task::yield_now().await;
    while pool.waiting() < QUEUE_PER_THREAD {
        tokio::task::yield_now().await;
    }
    assert_eq!(pool.verify(None, password, Lane::Known).await.unwrap(), Err(Full));
}

#[tokio::test]
async fn a_thread_that_breaks_goes_on() {
    let pool = HashPool::start(1, SMALL);
    for _ in 0..3 {
        let (answer, answered) = oneshot::channel();
        pool.place(Lane::Known).unwrap().take(Job::Break(answer));
        assert!(answered.await.is_err(), "who asked hears that it failed");
        let password = Password::typed("correct horse").unwrap();
        assert!(pool.hash(password, [7; 16], Lane::Known).await.unwrap().is_ok());
    }
    pool.stop();
}
